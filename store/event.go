package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"

	"addtomojo/store/internal/rows"
)

// EventState is where an event is on its way into Wise Agent. Each is in exactly one of them.
type EventState string

const (
	EventWaiting  EventState = "waiting"
	EventWritten  EventState = "written"
	EventNeedsYou EventState = "needs_you" // a person must look at it; Retry lets it wait again
	EventExcluded EventState = "excluded"  // it does not go to Wise Agent; Reason says why
)

// Event is what Mojo told us, with its delivery.
type Event struct {
	ID            string
	WebhookID     string // Mojo's; "" when it was received more than 30 days ago
	ConnectionID  string // "" where the account was not connected
	AccountID     string // Mojo's
	Type          string // as Mojo names it, "call.completed"
	MojoContactID int64  // 0 where there is none
	APIContactID  string
	ContactName   string
	Body          []byte // the hook's data, JSON; gone once it is written or excluded, and 30 days old
	OccurredAt    time.Time
	ReceivedAt    time.Time
	Seq           int64 // the order in which all events were received

	State      EventState
	Reason     string // why it is in that state, in plain words
	Attempts   int    // failed ones
	NextAt     time.Time
	Doubt      bool   // a write may have happened that nobody saw the answer of: look first
	ClaimedBy  string // the worker that may be writing it, or may have when it ended
	ResultID   string // what was written: Wise Agent's NoteID, CallId or ClientID
	FinishedAt time.Time
}

// ContactKey tells contacts apart: events of one key are delivered in order.
func (e Event) ContactKey() string {
	if e.MojoContactID != 0 {
		return strconv.FormatInt(e.MojoContactID, 10)
	}
	return e.APIContactID
}

func event(r rows.Event) Event {
	return Event{
		ID:            r.ID,
		WebhookID:     r.WebhookID,
		ConnectionID:  r.ConnectionID,
		AccountID:     r.AccountID,
		Type:          r.Type,
		MojoContactID: r.MojoContactID,
		APIContactID:  r.APIContactID,
		ContactName:   r.ContactName,
		Body:          []byte(r.Body),
		OccurredAt:    moment(r.OccurredAt),
		ReceivedAt:    moment(r.ReceivedAt),
		Seq:           r.Seq,
		State:         EventState(r.State),
		Reason:        r.Reason,
		Attempts:      int(r.Attempts),
		NextAt:        moment(r.NextAt),
		Doubt:         r.Doubt,
		ClaimedBy:     r.ClaimedBy,
		ResultID:      r.ResultID,
		FinishedAt:    moment(r.FinishedAt),
	}
}

// Event returns an event, or [ErrNotFound].
func (s *Store) Event(ctx context.Context, id string) (e Event, err error) {
	err = s.read(ctx, "get event", func(q tx) error {
		r, err := q.Event(ctx, id)
		e = event(r)
		return err
	})
	return e, err
}

// EventByWebhook returns the event that was received under a webhook-id in the last 30 days, or [ErrNotFound].
func (s *Store) EventByWebhook(ctx context.Context, webhookID string) (e Event, err error) {
	err = s.read(ctx, "get event", func(q tx) error {
		r, err := q.EventByWebhook(ctx, webhookID)
		e = event(r)
		return err
	})
	return e, err
}

// DoubtfulEvents returns events about a contact, by its key, that ended in doubt, in the order of receipt: they need a person or were
// excluded, and may be written all the same. Those of earlier connections of the same two accounts are among them.
func (s *Store) DoubtfulEvents(ctx context.Context, connID, contactKey string) (events []Event, err error) {
	err = s.read(ctx, "get doubtful events", func(q tx) error {
		conns, err := q.ConnectionsOfSameAccounts(ctx, connID)
		if err != nil {
			return err
		}
		for _, conn := range conns {
			found, err := q.DoubtfulEvents(ctx, rows.DoubtfulEventsParams{ConnectionID: conn, ContactKey: contactKey})
			if err != nil {
				return err
			}
			events = append(events, collect(found, event)...)
		}
		return nil
	})
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) }) // earlier connections have newer ones, see inherit
	return events, err
}

// EventFilter says which of a connection's events are wanted.
type EventFilter struct {
	State   EventState // "" is all
	Contact string     // beginnings of words of the contact's name, as [Store.Search] takes them; "" is all
	Before  int64      // only those of a lower Seq; 0 is all
	Limit   int
}

// Events returns events of a connection, the newest first. The connection "" has those of accounts that were not connected.
func (s *Store) Events(ctx context.Context, connID string, f EventFilter) (events []Event, err error) {
	states := []EventState{f.State}
	if f.State == "" {
		states = []EventState{EventWaiting, EventWritten, EventNeedsYou, EventExcluded}
	}
	err = s.read(ctx, "get events", func(q tx) error {
		for _, state := range states { // the index is by state
			found, err := eventsNamed(ctx, q, terms(f.Contact), rows.EventsInStateParams{
				ConnectionID: connID,
				State:        string(state),
				Before:       cmp.Or(f.Before, 1<<62),
				Most:         int64(f.Limit),
			})
			if err != nil {
				return err
			}
			events = append(events, collect(found, event)...)
		}
		return nil
	})
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(b.Seq, a.Seq) })
	events = slices.CompactFunc(events, func(a, b Event) bool { return a.ID == b.ID }) // one that changed its state meanwhile
	return events[:min(len(events), f.Limit)], err
}

// namesAtOnce is how many names are looked at with one query.
const namesAtOnce = 1000

// eventsNamed reads the events whose contact's name has words beginning with all terms. Names are compared here, where case and
// accents can be left out, so all of a busy account's are gone through for a rare one.
func eventsNamed(ctx context.Context, q tx, terms []string, p rows.EventsInStateParams) (found []rows.Event, err error) {
	if len(terms) == 0 {
		return q.EventsInState(ctx, p)
	}
	look := rows.EventNamesParams{ConnectionID: p.ConnectionID, State: p.State, Before: p.Before, Most: namesAtOnce}
	for {
		list, err := q.EventNames(ctx, look)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if !nameFits(r.ContactName, terms) {
				continue
			}
			e, err := q.Event(ctx, r.ID)
			if errors.Is(err, sql.ErrNoRows) {
				continue // too old meanwhile
			}
			if err != nil {
				return nil, err
			}
			if found = append(found, e); len(found) == int(p.Most) {
				return found, nil
			}
		}
		if len(list) < namesAtOnce {
			return found, nil
		}
		look.Before = list[len(list)-1].Seq
	}
}
