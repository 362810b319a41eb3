package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"addtomojo/store/internal/rows"
)

// PushState is how far a push is.
type PushState string

const (
	PushWaiting PushState = "waiting"
	PushSending PushState = "sending"
	PushPaused  PushState = "paused"  // until the customer signed in again
	PushDone    PushState = "done"    // every contact is through
	PushStopped PushState = "stopped" // for good; Cause says why
	PushUndoing PushState = "undoing"
	PushUndone  PushState = "undone"
)

// ContactState is how far a contact of a push is.
type ContactState string

const (
	ContactWaiting  ContactState = "waiting"
	ContactCreating ContactState = "creating" // sent by bulk create, no clear answer yet
	ContactMoving   ContactState = "moving"   // sent by bulk update, no clear answer yet
	ContactAdded    ContactState = "added"
	ContactUpdated  ContactState = "updated" // was in Mojo, now also in the group
	ContactSkipped  ContactState = "skipped"
	ContactFailed   ContactState = "failed"
	ContactRemoved  ContactState = "removed" // put in, and taken out again by Undo
)

// ErrPushKeyTaken says that another connection has a push with this ID.
var ErrPushKeyTaken = errors.New("push key belongs to another connection")

// Push is contacts on their way to a Mojo group.
type Push struct {
	ID               string // the one-time key of the form: one press is one push
	ConnectionID     string
	LaunchID         string // it may be tidied away before the push
	GroupID          int64  // Mojo's
	GroupName        string
	IncludeDoNotCall bool // the customer ticked contacts marked do-not-call
	State            PushState
	Cause            string // of a paused or stopped one, in plain words
	Run              int    // 1, and one more with each Retry
	Total            int    // contacts
	Attempts         int    // failed tries in a row
	NextAt           time.Time
	CreatedAt        time.Time
	StartedAt        time.Time // first sending
	FinishedAt       time.Time // last done or stopped
	UndoAskedAt      time.Time
	UndoneAt         time.Time
	StopAskedAt      time.Time // by the customer; zero again once it goes on or is being undone
	Turn             int       // of a worker at it: the last of its connection's pushes that was taken up has the highest
}

// customersStop is the cause of a push that its customer stopped.
const customersStop = "You stopped this push."

// StoppedByCustomer tells of a push that is stopped whether its customer wanted that. Cause then speaks to the customer.
func (p Push) StoppedByCustomer() bool { return p.State == PushStopped && p.Cause == customersStop }

// PushContact is one contact of a push.
type PushContact struct {
	Position      int // in the selection, from 0
	ClientID      string
	Name          string
	APIContactID  string // what Mojo knows the contact by
	State         ContactState
	Reason        string       // of a skipped or failed one, in plain words; what is to say of an added or updated one
	Doubt         ContactState // of a failed one that no clear answer came for: creating or moving
	MojoContactID int64        // 0 where Mojo did not tell
	PutIn         bool         // this push put it into the group, so Undo takes it out
	Run           int          // the run of the push that it belongs to
}

// Counts are a push's contacts by state. Those in doubt count as waiting.
type Counts struct {
	Total, Waiting, Added, Updated, Skipped, Failed, Removed int
	// Unsent are those of the failed that were never sent, because the push was stopped.
	Unsent int
}

func (c *Counts) add(s ContactState, n int) {
	c.Total += n
	switch s {
	case ContactWaiting, ContactCreating, ContactMoving:
		c.Waiting += n
	case ContactAdded:
		c.Added += n
	case ContactUpdated:
		c.Updated += n
	case ContactSkipped:
		c.Skipped += n
	case ContactFailed:
		c.Failed += n
	case ContactRemoved:
		c.Removed += n
	}
}

// PushSummary is a push with its counts.
type PushSummary struct {
	Push
	Counts Counts
}

// CreatePush stores a push that waits, with its contacts, which may come as skipped already; and tells whether it is new. Of a
// push with an ID that this connection has used, it returns what is stored. [ErrPushKeyTaken] when another one has used it,
// [ErrNotFound] when the connection isn't live, or is ending. State, Run and Total of p don't count; NextAt may be zero.
func (s *Store) CreatePush(ctx context.Context, p Push, contacts []PushContact) (stored Push, created bool, err error) {
	err = s.write(ctx, "create push", func(q tx) error {
		if err := lockOpen(ctx, q, p.ConnectionID); err != nil {
			return err
		}
		n, err := q.InsertPush(ctx, rows.InsertPushParams{
			ID:               p.ID,
			ConnectionID:     p.ConnectionID,
			LaunchID:         p.LaunchID,
			GroupID:          p.GroupID,
			GroupName:        p.GroupName,
			IncludeDoNotCall: p.IncludeDoNotCall,
			Total:            int64(len(contacts)),
			NextAt:           millis(p.NextAt),
			CreatedAt:        millis(p.CreatedAt),
		})
		if err != nil {
			return err
		}
		if created = n > 0; created {
			if err := insertContacts(ctx, q, p.ID, contacts); err != nil {
				return err
			}
		}
		r, err := q.Push(ctx, p.ID)
		if err == nil && r.ConnectionID != p.ConnectionID {
			return ErrPushKeyTaken
		}
		stored = push(r)
		return err
	})
	return stored, created && err == nil, err
}

func insertContacts(ctx context.Context, q tx, pushID string, contacts []PushContact) error {
	t := table{kinds: []string{"bigint", "text", "text", "text", "text", "text", "bigint", "boolean"}}
	for _, c := range contacts {
		if c.State == "" {
			c.State = ContactWaiting
		}
		t.add(c.Position, c.ClientID, c.Name, c.APIContactID, string(c.State), c.Reason, c.MojoContactID, c.PutIn)
	}
	return execBulk(ctx, q, insertPushContacts, t, pushID)
}

const insertPushContacts = `
insert into push_contacts (
    push_id, position, client_id, name, api_contact_id, state, reason, mojo_contact_id, put_in, doubt, run
)
select
    cast(?1 as text), v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8, '', 1
from %s`

// Push returns a push, or [ErrNotFound].
func (s *Store) Push(ctx context.Context, id string) (p Push, err error) {
	err = s.read(ctx, "get push", func(q tx) error {
		r, err := q.Push(ctx, id)
		p = push(r)
		return err
	})
	return p, err
}

func push(r rows.Push) Push {
	return Push{
		ID:               r.ID,
		ConnectionID:     r.ConnectionID,
		LaunchID:         r.LaunchID,
		GroupID:          r.GroupID,
		GroupName:        r.GroupName,
		IncludeDoNotCall: r.IncludeDoNotCall,
		State:            PushState(r.State),
		Cause:            r.Cause,
		Run:              int(r.Run),
		Total:            int(r.Total),
		Attempts:         int(r.Attempts),
		NextAt:           moment(r.NextAt),
		CreatedAt:        moment(r.CreatedAt),
		StartedAt:        moment(r.StartedAt),
		FinishedAt:       moment(r.FinishedAt),
		UndoAskedAt:      moment(r.UndoAskedAt),
		UndoneAt:         moment(r.UndoneAt),
		StopAskedAt:      moment(r.StopAskedAt),
		Turn:             int(r.Turn),
	}
}

// Pushes returns a connection's pushes with their counts, the newest first, at most limit.
func (s *Store) Pushes(ctx context.Context, connID string, limit int) (pushes []PushSummary, err error) {
	err = s.read(ctx, "get pushes", func(q tx) error {
		found, err := q.Pushes(ctx, rows.PushesParams{ConnectionID: connID, Most: int64(limit)})
		if err != nil {
			return err
		}
		contacts, err := q.CountContactsOfPushes(ctx, rows.CountContactsOfPushesParams{
			ConnectionID:  connID,
			Most:          int64(limit),
			CustomersStop: customersStop,
		})
		counts := make(map[string]Counts)
		for _, n := range contacts {
			c := counts[n.PushID]
			c.add(ContactState(n.State), int(n.Contacts))
			c.Unsent += int(n.Unsent)
			counts[n.PushID] = c
		}
		pushes = collect(found, func(r rows.Push) PushSummary { return PushSummary{push(r), counts[r.ID]} })
		return err
	})
	return pushes, err
}

// Underway tells whether a contact may be in Mojo already by a push of the connection that has not stored so yet: it is about to
// send it, has sent it, or waits to find out.
func (s *Store) Underway(ctx context.Context, connID, apiContactID string) (underway bool, err error) {
	err = s.read(ctx, "look for contact on its way", func(q tx) error {
		n, err := q.CountUnderway(ctx, rows.CountUnderwayParams{ConnectionID: connID, APIContactID: plain(apiContactID)})
		underway = n > 0
		return err
	})
	return underway, err
}

// PushAhead returns the push that a waiting one of the same connection waits for, since one goes at a time; [ErrNotFound] when it is
// next.
func (s *Store) PushAhead(ctx context.Context, waiting Push) (ahead Push, err error) {
	err = s.read(ctx, "get push ahead", func(q tx) error {
		r, err := q.PushAhead(ctx, rows.PushAheadParams{
			ConnectionID: waiting.ConnectionID,
			ID:           waiting.ID,
			CreatedAt:    millis(waiting.CreatedAt),
		})
		ahead = push(r)
		return err
	})
	return ahead, err
}

// PushAtWork returns the push that is at work while another one of the same connection, which is to be undone, waits for its turn;
// [ErrNotFound] when it is that one's own turn.
func (s *Store) PushAtWork(ctx context.Context, undoing Push) (at Push, err error) {
	err = s.read(ctx, "get push at work", func(q tx) error {
		r, err := q.PushSince(ctx, rows.PushSinceParams{
			ConnectionID: undoing.ConnectionID,
			ID:           undoing.ID,
			Turn:         int64(undoing.Turn),
		})
		at = push(r)
		return err
	})
	return at, err
}

// PushCounts counts a push's contacts: all of them, and those of its present run.
func (s *Store) PushCounts(ctx context.Context, id string) (all, run Counts, err error) {
	err = s.read(ctx, "count contacts of push", func(q tx) error {
		p, err := q.Push(ctx, id)
		if err != nil {
			return err
		}
		contacts, err := q.CountContacts(ctx, rows.CountContactsParams{PushID: id, CustomersStop: customersStop})
		for _, n := range contacts {
			all.add(ContactState(n.State), int(n.Contacts))
			all.Unsent += int(n.Unsent)
			if n.Run == p.Run {
				run.add(ContactState(n.State), int(n.Contacts))
				run.Unsent += int(n.Unsent)
			}
		}
		return err
	})
	return all, run, err
}

// PushContacts returns a push's contacts in the given states, nil is all, by position; at most limit of those after the
// position after, which is -1 to begin with.
func (s *Store) PushContacts(ctx context.Context, id string, states []ContactState, after, limit int) (contacts []PushContact, err error) {
	err = s.read(ctx, "get contacts of push", func(q tx) error {
		found, err := q.PushContacts(ctx, rows.PushContactsParams{
			PushID: id,
			After:  int64(after),
			States: list(states),
			Most:   int64(limit),
		})
		contacts = collect(found, pushContact)
		return err
	})
	return contacts, err
}

// list writes ",waiting,failed," as the query wants it.
func list(states []ContactState) string {
	var b strings.Builder
	for _, s := range states {
		b.WriteString("," + string(s))
	}
	if b.Len() > 0 {
		b.WriteString(",")
	}
	return b.String()
}

func pushContact(r rows.PushContact) PushContact {
	return PushContact{
		Position:      int(r.Position),
		ClientID:      r.ClientID,
		Name:          r.Name,
		APIContactID:  r.APIContactID,
		State:         ContactState(r.State),
		Reason:        r.Reason,
		Doubt:         ContactState(r.Doubt),
		MojoContactID: r.MojoContactID,
		PutIn:         r.PutIn,
		Run:           int(r.Run),
	}
}
