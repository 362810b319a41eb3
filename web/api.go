package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
)

const (
	apiPath    = "/api/mojo/v1/contacts"
	apiLimit   = 8 << 20 // largest body in bytes: 500 contacts with a dozen long notes each
	sendAtOne  = 500     // contacts in one request
	tokenLeast = 16      // shortest token in bytes
)

var (
	errToken = errors.New("api: no token, or none of ours")
	errJSON  = errors.New("api: the body is not readable JSON")
)

// lackError says what a readable request lacks, as a sentence.
type lackError string

func (e lackError) Error() string { return "api: " + string(e) }

// bearer lets a request through that carries one of our tokens. How long that takes says nothing about them.
func (a *app) bearer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		given := sha256.Sum256([]byte(strings.TrimSpace(token)))
		known := 0
		for _, t := range a.tokens {
			known |= subtle.ConstantTimeCompare(given[:], t[:])
		}
		if known != 1 || !strings.EqualFold(scheme, "Bearer") {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="Add to Mojo"`)
			return errToken
		}
		return next(c)
	}
}

// CheckAPITokens says what is wrong with [Server.APITokens], without quoting any.
func CheckAPITokens(tokens []string) error {
	_, err := apiTokens(tokens)
	return err
}

// apiTokens hashes the tokens, so that all have one length. The error quotes none of them.
func apiTokens(tokens []string) (list [][sha256.Size]byte, err error) {
	for i, t := range tokens {
		t = strings.TrimSpace(t)
		if len(t) < tokenLeast || strings.ContainsAny(t, " \t\r\n") {
			return nil, fmt.Errorf("token %d is shorter than %d characters or has blanks in it", i+1, tokenLeast)
		}
		list = append(list, sha256.Sum256([]byte(t)))
	}
	return list, nil
}

// buttonOut is the answer about one contact (Mojo's API, part B6).
type buttonOut struct {
	Connected    bool       `json:"connected"`
	Linked       bool       `json:"linked"`
	ClientID     any        `json:"client_id"`
	URL          *string    `json:"url"`
	LastSyncedAt *time.Time `json:"last_synced_at"`
}

// askButton tells Mojo's contact form what to show: the button, or where the contact is.
func (a *app) askButton(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("contact"), 10, 64)
	if err != nil || id <= 0 {
		return lackError("The contact's id must be a number.")
	}
	account := c.QueryParam("account_id")
	if account == "" {
		return lackError("account_id is missing.")
	}
	b, err := a.Bridge.Button(c.Request().Context(), account, id)
	if err != nil {
		return err
	}
	out := buttonOut{Connected: b.Connected, Linked: b.Linked, ClientID: clientID(b.ClientID), URL: orNull(b.URL)}
	if !b.LastSyncedAt.IsZero() {
		at := b.LastSyncedAt.UTC().Truncate(time.Second)
		out.LastSyncedAt = &at
	}
	return c.JSON(http.StatusOK, out)
}

// sendIn is what the button sends: one contact, or several.
type sendIn struct {
	AccountID numberOrText      `json:"account_id"`
	Agent     json.RawMessage   `json:"agent"`
	Contact   json.RawMessage   `json:"contact"`
	Contacts  []json.RawMessage `json:"contacts"`
}

// sentOut is the answer about one contact that was sent.
type sentOut struct {
	Status   int     `json:"status"`
	ClientID any     `json:"client_id"`
	URL      *string `json:"url"`
}

// resultOut is one of several.
type resultOut struct {
	ContactID int64 `json:"contact_id"`
	sentOut
	Error *string `json:"error"`
}

// send takes contacts over to Wise Agent.
func (a *app) send(c echo.Context) error {
	in, err := readSend(c)
	if err != nil {
		return err
	}
	single := in.Contacts == nil
	if single {
		in.Contacts = []json.RawMessage{in.Contact}
	}
	sent, err := a.Bridge.SendToWise(c.Request().Context(), string(in.AccountID), in.Contacts, in.Agent)
	if err != nil {
		return err
	}
	if !single {
		return c.JSON(http.StatusOK, map[string][]resultOut{"results": bulkAnswer(sent)})
	}
	if sent[0].Status == http.StatusUnprocessableEntity {
		return lackError(sent[0].Problem)
	}
	return c.JSON(sent[0].Status, sentAnswer(sent[0]))
}

// readSend reads the body and says what is missing around the contacts. What is missing in a contact, the bridge says.
func readSend(c echo.Context) (in sendIn, err error) {
	body, err := readBody(c)
	if err != nil {
		return in, err
	}
	if json.Unmarshal(body, &in) != nil {
		return in, errJSON // the error itself would quote what was sent
	}
	if string(in.Contact) == "null" {
		in.Contact = nil
	}
	switch {
	case in.AccountID == "":
		return in, lackError("account_id is missing.")
	case in.Contact != nil && in.Contacts != nil:
		return in, lackError("Send contact or contacts, not both.")
	case in.Contact == nil && len(in.Contacts) == 0:
		return in, lackError("contact is missing.")
	case len(in.Contacts) > sendAtOne:
		return in, lackError(fmt.Sprintf("At most %d contacts go at once; these are %s.", sendAtOne, comma(len(in.Contacts))))
	}
	return in, nil
}

func bulkAnswer(sent []bridge.Sent) []resultOut {
	list := make([]resultOut, len(sent))
	for i, s := range sent {
		list[i] = resultOut{ContactID: s.ContactID, sentOut: sentAnswer(s), Error: orNull(s.Problem)}
	}
	return list
}

func sentAnswer(s bridge.Sent) sentOut {
	return sentOut{Status: s.Status, ClientID: clientID(s.ClientID), URL: orNull(s.URL)}
}

// clientID is Wise Agent's id as the contract writes it: a number, null when there is none.
func clientID(id string) any {
	if id == "" {
		return nil
	}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		return n
	}
	return id
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// numberOrText is an id that comes as a number or as a string.
type numberOrText string

// UnmarshalJSON takes "8812" and 8812; null is "".
func (t *numberOrText) UnmarshalJSON(b []byte) error {
	var n json.Number // of a string it takes numbers only
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*t = numberOrText(n)
	return nil
}
