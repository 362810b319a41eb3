package bridge

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"addtomojo/store"
)

// noticeFacts are what a notice says.
type noticeFacts struct {
	ID      string // the notice's
	Conn    store.Connection
	Zone    *time.Location // the customer's
	Waiting int            // what Mojo told, and contacts on their way
	Link    string         // to the sign-in
	BaseURL string
	Now     time.Time
}

// noticeType is the type of the one webhook that we send.
const noticeType = "connection.needs_sign_in"

// body is the webhook's, as the Standard Webhooks specification wants it. It goes to the operator's own system, so that it says
// whose connection it is.
func (f noticeFacts) body() ([]byte, error) {
	type data struct {
		ConnectionID    string    `json:"connection_id"`
		Email           string    `json:"email"` // of the Wise Agent account
		MojoAccountID   string    `json:"mojo_account_id"`
		MojoAccountName string    `json:"mojo_account_name"`
		Side            string    `json:"side"` // "wiseagent" or "mojo"
		Cause           string    `json:"cause"`
		Since           time.Time `json:"since"`
		Waiting         int       `json:"waiting"`
		ReconnectURL    string    `json:"reconnect_url"`
	}
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      data      `json:"data"`
	}{noticeType, f.Now.UTC().Truncate(time.Second), data{
		ConnectionID: f.Conn.ID, Email: f.Conn.Email, MojoAccountID: f.Conn.MojoAccountID, MojoAccountName: f.Conn.MojoAccountName,
		Side: string(f.Conn.Side), Cause: f.Conn.Cause, Since: f.Conn.Since, Waiting: f.Waiting, ReconnectURL: f.Link,
	}})
}

// A letter is an e-mail in plain text.
type letter struct {
	To, ToName    string
	Subject, Text string
	MessageID     string // without brackets
	At            time.Time
}

// nameShown is how much of a name of the customer's a letter shows, in characters.
const nameShown = 80

// letter tells the customer what happened, that nothing is lost, and what to do.
func (f noticeFacts) letter() letter {
	host := "localhost"
	if u, err := url.Parse(f.BaseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return letter{
		To: f.Conn.Email, ToName: shown(f.Conn.Name), Subject: "Please sign in to " + f.side() + " again for Add to Mojo",
		Text: f.text(), MessageID: f.ID + "@" + host, At: f.Now,
	}
}

func (f noticeFacts) side() string {
	if f.Conn.Side == store.Mojo {
		return string(MojoName)
	}
	return string(WiseAgent)
}

func (f noticeFacts) text() string {
	hello := "Hello,"
	if name := shown(f.Conn.Name); name != "" {
		hello = "Hello " + name + ","
	}
	since := f.Conn.Since.In(f.Zone).Format("Monday, January 2, at 3:04 PM MST")
	parts := []string{
		hello,
		fmt.Sprintf("%s stopped letting Add to Mojo in on %s. %s", f.side(), since, f.Conn.Cause),
		fmt.Sprintf("Your connection is that of the Wise Agent account %s with the Mojo account %s. Until you sign in again, nothing is passed on between them.",
			f.Conn.Email, shown(f.Conn.MojoAccountName)),
		f.waiting() + " Nothing is lost: what happens is kept for 30 days and is delivered in order as soon as you have signed in.",
		"To sign in again, open this address. It works for 7 days:",
		f.Link,
		"You come to the same page from Wise Agent: select a contact, then choose Actions and Add to Mojo.",
		"If you no longer use Add to Mojo, you need not do anything.",
	}
	return strings.Join(parts, "\n\n") + "\n"
}

func (f noticeFacts) waiting() string {
	switch f.Waiting {
	case 0:
		return "No calls or contacts are waiting at the moment."
	case 1:
		return "1 call or contact is waiting."
	}
	return fmt.Sprintf("%d calls or contacts are waiting.", f.Waiting)
}

// shown is a name that somebody typed, in one line and not too long.
func shown(name string) string {
	return cut(strings.Join(strings.Fields(printable(name)), " "), nameShown, "…")
}
