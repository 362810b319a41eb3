package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"addtomojo/mojo"
)

// The kinds of event that Mojo sends (Mojo's API, part B5).
const (
	eventCall         = "call.completed"
	eventContact      = "contact.updated"
	eventNoteMade     = "note.created"
	eventNoteChanged  = "note.updated"
	eventPlanned      = "event.created"
	eventMoved        = "event.updated"
	eventCompleted    = "event.completed"
	eventDeleted      = "event.deleted"
	eventDisconnected = "account.disconnected"
)

// envelope is one hook, or one entry of the catch-up feed.
type envelope struct {
	WebhookID string          `json:"webhook_id"` // in the feed only; a hook has it in its header
	Type      string          `json:"type"`
	Timestamp mojo.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`

	doubt bool  // it may have been received before: look whether it is written already
	told  *told // Data, when it was read along with the rest
}

// told is the data of an event as Mojo words it. Which parts are there depends on the type. What nobody needs is not in it: a part in
// a form that is new to us would make all of the event unreadable.
type told struct {
	AccountID text        `json:"account_id"`
	Agent     agent       `json:"agent"`
	Contact   mojoContact `json:"contact"`
	Call      *call       `json:"call"`
	Note      *mojoNote   `json:"note"`
	Event     *activity   `json:"event"`
	Revision  int64       `json:"revision"`
	Changes   []change    `json:"changes"`
}

type agent struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type mojoContact struct {
	ContactID    number  `json:"contact_id"`
	APIContactID string  `json:"api_contact_id"`
	FullName     string  `json:"full_name"`
	Address      string  `json:"address"`
	City         string  `json:"city"`
	State        string  `json:"state"`
	Zip          string  `json:"zip_code"`
	Media        []media `json:"mediainfo_set"`
}

type media struct {
	Type  int    `json:"type"`
	Value string `json:"value"`
}

type call struct {
	ID        text      `json:"id"`
	Result    string    `json:"result"`
	Phone     string    `json:"phone"`
	PhoneType int       `json:"phone_type"`
	StartedAt mojo.Time `json:"started_at"`
	Seconds   float64   `json:"duration_seconds"`
	Group     *struct {
		Name string `json:"name"`
	} `json:"group"`
	Notes     string  `json:"notes"`
	Recording *string `json:"recording_url"`
}

// length is how long the call took.
func (c *call) length() time.Duration { return time.Duration(c.Seconds * float64(time.Second)) }

type mojoNote struct {
	ID        text      `json:"id"`
	Contents  string    `json:"contents"`
	CreatedAt mojo.Time `json:"created_at"`
}

// activity is an appointment, a to-do or a follow-up call.
type activity struct {
	ID          text      `json:"id"`
	Revision    int64     `json:"revision"`
	Kind        string    `json:"kind"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	StartsAt    mojo.Time `json:"starts_at"`
	Date        string    `json:"date"` // a day without time: 2026-11-24
	Priority    string    `json:"priority"`
	CompletedAt mojo.Time `json:"completed_at"`
}

// change is one field of a contact that was changed in Mojo. Old and New are text for a name or an e-mail,
// an object for an address or a phone, null where there was or is nothing.
type change struct {
	Field string          `json:"field"`
	Old   json.RawMessage `json:"old"`
	New   json.RawMessage `json:"new"`
}

// text is an id that comes as a number or as a string.
type text string

// UnmarshalJSON takes "8812", 8812 and null.
func (t *text) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if string(b) == "null" {
		return nil
	}
	if _, err := strconv.ParseInt(string(b), 10, 64); err != nil {
		return errors.New("an id is neither a number nor a string")
	}
	*t = text(b)
	return nil
}

// number is the id of a contact, which comes as a number or as a string. What is neither is no id.
type number int64

// UnmarshalJSON takes 58, "58" and null. It gives no error, for what stands beside the id is to be read in any case.
func (n *number) UnmarshalJSON(b []byte) error {
	id, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err != nil || id < 0 {
		id = 0
	}
	*n = number(id)
	return nil
}

// errUnreadable says that an event is not what Mojo's API promises.
var errUnreadable = errors.New("the event can't be read")

// readTold reads the data of an event. The error quotes nothing of it.
func readTold(data []byte) (told, error) {
	var t told
	if err := json.Unmarshal(data, &t); err != nil {
		var field *json.UnmarshalTypeError
		if errors.As(err, &field) {
			return t, fmt.Errorf("%w: %s is a %s", errUnreadable, field.Field, field.Value)
		}
		return t, errUnreadable
	}
	return t, nil
}

// unreadable names the first field whose new value nobody can read, "" when there is none.
func (t told) unreadable() string {
	if i := slices.IndexFunc(t.Changes, change.unreadable); i >= 0 {
		return strings.ReplaceAll(t.Changes[i].Field, "_", " ")
	}
	return ""
}

// lack names what an event of its type must have and doesn't, "" when all is there.
func (t told) lack(kind string) string {
	var missing []string
	need := func(there bool, name string) {
		if !there {
			missing = append(missing, name)
		}
	}
	need(t.Contact.ContactID != 0 || t.Contact.APIContactID != "", "contact")
	switch kind {
	case eventCall:
		need(t.Call != nil && t.Call.ID != "", "call")
	case eventContact:
		need(len(t.Changes) > 0, "changes")
	case eventNoteMade, eventNoteChanged:
		need(t.Note != nil && t.Note.ID != "", "note")
	case eventPlanned, eventMoved, eventCompleted, eventDeleted:
		need(t.Event != nil && t.Event.ID != "", "event")
	}
	return strings.Join(missing, ", ")
}
