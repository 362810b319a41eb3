package mojo

import (
	"time"
)

// hookOut is what a hook says, see Mojo's API, part B5.
type hookOut struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}

// hookData is the data of the kinds of hooks that are known.
type hookData struct {
	AccountID string      `json:"account_id"`
	Agent     hookAgent   `json:"agent"`
	Contact   any         `json:"contact,omitempty"` // hookContact or wholeContact
	Call      *callOut    `json:"call,omitempty"`
	Revision  int64       `json:"revision,omitempty"`
	Changes   []changeOut `json:"changes,omitempty"`
	Note      *noteOut    `json:"note,omitempty"`
	Event     *eventOut   `json:"event,omitempty"`
}

type hookAgent struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

type hookContact struct {
	ContactID    int64   `json:"contact_id"`
	APIContactID *string `json:"api_contact_id"` // null for a contact that no CRM sent
	FullName     string  `json:"full_name"`
}

// wholeContact is a contact as in part A2 with its contact id.
type wholeContact struct {
	contactOut
	APIContactID *string `json:"api_contact_id"`
}

type callOut struct {
	ID              int64      `json:"id"`
	Result          string     `json:"result"`
	Phone           string     `json:"phone"`
	PhoneType       int        `json:"phone_type"`
	StartedAt       string     `json:"started_at"`
	DurationSeconds int64      `json:"duration_seconds"`
	SessionID       int64      `json:"session_id"`
	Group           *callGroup `json:"group"` // null when no group was dialed
	Notes           string     `json:"notes"`
	RecordingURL    *string    `json:"recording_url"`
}

type callGroup struct {
	GroupID int64  `json:"group_id"`
	Name    string `json:"name"`
}

type changeOut struct {
	Field string `json:"field"`
	Old   any    `json:"old"`
	New   any    `json:"new"`
}

type addressOut struct {
	Address string `json:"address"`
	City    string `json:"city"`
	State   string `json:"state"`
	ZipCode string `json:"zip_code"`
}

type noteOut struct {
	ID        int64  `json:"id"`
	Contents  string `json:"contents"`
	CreatedAt string `json:"created_at"`
}

type eventOut struct {
	ID          int64   `json:"id"`
	Revision    int64   `json:"revision"`
	Kind        string  `json:"kind"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	StartsAt    string  `json:"starts_at,omitempty"`
	Date        string  `json:"date,omitempty"`
	EndsAt      string  `json:"ends_at,omitempty"`
	Priority    string  `json:"priority"`
	Recurring   bool    `json:"recurring"`
	CompletedAt *string `json:"completed_at"`
}

// notesTold is how many of a contact's notes hooks and B6 tell, the newest.
const notesTold = 20

func (a Agent) out() hookAgent { return hookAgent{a.ID, a.Name, a.Email} }

func (c *Contact) apiContactID() *string { return orNull(c.APIContactID) }

// brief is the contact as most hooks tell it.
func (c *Contact) brief() hookContact {
	return hookContact{c.ContactID, c.apiContactID(), c.FullName}
}

// whole is the contact as contact.updated and part B6 tell it.
func (c *Contact) whole() wholeContact {
	w := wholeContact{contactOut: c.out(), APIContactID: c.apiContactID()}
	w.ContactNoteSet = w.ContactNoteSet[max(0, len(w.ContactNoteSet)-notesTold):]
	return w
}

func (c *Contact) addressOut() addressOut { return addressOut{c.Address, c.City, c.State, c.Zip} }

func (a *account) callOut(c Call) *callOut {
	out := &callOut{ID: c.ID, Result: c.Result, Phone: c.Phone, PhoneType: c.PhoneType, StartedAt: utc(c.Started),
		DurationSeconds: int64(c.Duration.Seconds()), SessionID: c.SessionID, Notes: c.Notes, RecordingURL: orNull(c.RecordingURL)}
	if g := a.group(c.GroupID); g != nil {
		out.Group = &callGroup{g.id, g.name}
	}
	return out
}

func (n Note) out() *noteOut { return &noteOut{n.ID, n.Contents, utc(n.Created)} }

// out is the activity with its times in the account's zone.
func (act *Activity) out(zone *time.Location) *eventOut {
	out := &eventOut{ID: act.ID, Revision: act.Revision, Kind: act.Kind, Title: act.Title, Description: act.Description,
		Priority: act.Priority, Recurring: act.Recurring}
	if act.Starts.IsZero() {
		out.Date = act.Date
	} else {
		out.StartsAt = act.Starts.In(zone).Format(time.RFC3339)
	}
	if !act.Ends.IsZero() {
		out.EndsAt = act.Ends.In(zone).Format(time.RFC3339)
	}
	if !act.Completed.IsZero() {
		out.CompletedAt = orNull(utc(act.Completed))
	}
	return out
}

// utc writes a moment in whole seconds.
func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
