package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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

// eventTypes are those that go to Wise Agent (Mojo's API, part B5), and our own for what the contact form's button sends.
var eventTypes = []string{
	"call.completed",
	"contact.updated",
	"contact.sent",
	"note.created",
	"note.updated",
	"event.created",
	"event.updated",
	"event.completed",
	"event.deleted",
	"account.disconnected",
}

// The reasons of events that are excluded at once.
const (
	notConnected = "Not connected to Wise Agent."
	unknownType  = "Not a kind of event that goes to Wise Agent."
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

// Received is an event that is on disk.
type Received struct {
	New   bool // false: it was received before
	Event Event
}

// ReceiveEvent stores an event, in a commit that it shares with others, and returns it as it is on disk; an earlier one when its
// WebhookID was received in the last 30 days. ConnectionID, ID, Seq and the delivery's part of e don't count, except that a State
// of EventExcluded stays with its Reason, and that Doubt stays.
//
// The event belongs to the connection that is live for the AccountID. Without one, or of an unknown Type, it is excluded; else it
// waits. When holder has the connection's lease at ReceivedAt, the event is claimed by it in the same commit: it may be delivered
// at once, and whoever comes after a crash knows that it may have been.
func (s *Store) ReceiveEvent(ctx context.Context, e Event, holder string) (Received, error) {
	if e.WebhookID == "" {
		return Received{}, errors.New("receive event: it has no webhook id")
	}
	done, err := s.receiver.write(ctx, entry{receipt: &receipt{e, holder}})
	if err != nil {
		return Received{}, err
	}
	return *done.received, nil
}

// ReceiveEventAlone is ReceiveEvent in a commit of its own. It is there to measure what sharing brings.
func (s *Store) ReceiveEventAlone(ctx context.Context, e Event, holder string) (Received, error) {
	done, err := s.commit(ctx, []entry{{receipt: &receipt{e, holder}}})
	if err != nil {
		return Received{}, err
	}
	return *done[0].received, nil
}

type receipt struct {
	event  Event
	holder string
}

// receive stores events.
func receive(ctx context.Context, q tx, batch []*receipt) ([]Received, error) {
	last, err := takeTurn(ctx, q, turnReceive, len(batch))
	if err != nil {
		return nil, err
	}
	live, err := liveAccounts(ctx, q, batch)
	if err != nil {
		return nil, err
	}
	received := make([]Received, len(batch))
	for i, r := range batch {
		received[i].Event = arrive(r, live[r.event.AccountID])
		received[i].Event.Seq = last - int64(len(batch)) + int64(i) + 1
	}
	return received, insertEvents(ctx, q, received)
}

const (
	turnReceive = "receive"
	turnDeliver = "deliver"
)

// takeTurn waits for all others that take the same turn, until their commits. It returns the last of more numbers for the taker.
// On SQLite whoever writes is alone anyway, so only numbers are taken.
func takeTurn(ctx context.Context, q tx, name string, more int) (last int64, err error) {
	if more == 0 && q.oneByOne() {
		return 0, nil
	}
	return q.TakeTurn(ctx, rows.TakeTurnParams{Name: name, More: int64(more)})
}

// An account is what decides about events of a Mojo account.
type account struct {
	connectionID string
	leaseOwner   string
	leaseUntil   int64
}

// liveAccounts finds the live connections of the events' accounts. Reset takes the turn too, so they stay live until the commit.
func liveAccounts(ctx context.Context, q tx, batch []*receipt) (map[string]account, error) {
	live := make(map[string]account)
	wanted := table{kinds: []string{"text"}}
	for _, r := range batch {
		if _, ok := live[r.event.AccountID]; !ok {
			live[r.event.AccountID] = account{}
			wanted.add(r.event.AccountID)
		}
	}
	return live, queryBulk(ctx, q, selectLiveAccounts, wanted, func(r *sql.Rows) error {
		var id string
		var a account
		err := r.Scan(&id, &a.connectionID, &a.leaseOwner, &a.leaseUntil)
		live[id] = a
		return err
	})
}

const selectLiveAccounts = `
select connections.mojo_account_id, connections.id, connections.lease_owner, connections.lease_until
from %s
cross join connections
where connections.mojo_account_id = v.column1 and connections.state <> 'reset'`

// arrive makes the event that is stored.
func arrive(r *receipt, a account) Event {
	e := r.event
	e = Event{
		ID:            NewID(),
		WebhookID:     e.WebhookID,
		ConnectionID:  a.connectionID,
		AccountID:     plain(e.AccountID),
		Type:          plain(e.Type),
		MojoContactID: e.MojoContactID,
		APIContactID:  plain(e.APIContactID),
		ContactName:   plain(e.ContactName),
		Body:          plainBody(e.Body),
		OccurredAt:    moment(millis(e.OccurredAt)),
		ReceivedAt:    moment(millis(e.ReceivedAt)),
		State:         e.State,
		Reason:        e.Reason,
		NextAt:        moment(millis(e.ReceivedAt)),
		Doubt:         e.Doubt,
	}
	switch {
	case e.ConnectionID == "":
		e.State, e.Reason = EventExcluded, notConnected
	case e.State == EventExcluded:
	case !slices.Contains(eventTypes, e.Type):
		e.State, e.Reason = EventExcluded, unknownType
	default:
		e.State, e.Reason = EventWaiting, ""
		if r.holder != "" && a.leaseOwner == r.holder && a.leaseUntil > millis(e.ReceivedAt) {
			e.ClaimedBy = r.holder
		}
	}
	if e.State == EventExcluded {
		e.FinishedAt = e.ReceivedAt
	}
	return e
}

// plain makes text that both engines take: PostgreSQL refuses zero bytes and what isn't UTF-8.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// plainBody is plain for a body, which is seldom anything else and not copied then.
func plainBody(b []byte) []byte {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return b
	}
	return []byte(plain(string(b)))
}

// insertEvents stores those that are new, and puts what is stored already in place of the others.
func insertEvents(ctx context.Context, q tx, received []Received) error {
	if err := insertNew(ctx, q, received); err != nil {
		return err
	}
	known := make(map[string]Event)
	for i, r := range received {
		if r.New {
			continue
		}
		e, ok := known[r.Event.WebhookID]
		if !ok {
			row, err := q.EventByWebhook(ctx, r.Event.WebhookID)
			if err != nil {
				return err
			}
			e = event(row)
			known[e.WebhookID] = e
		}
		received[i].Event = e
	}
	return nil
}

// insertNew stores those that are new, and says so of them.
func insertNew(ctx context.Context, q tx, received []Received) error {
	if q.oneByOne() {
		for i := range received {
			received[i].New = true
		}
		return execEach(ctx, q, insertNewEvent, eventTable(received), func(i int) { received[i].New = false })
	}
	inserted := make(map[string]bool, len(received))
	err := queryBulk(ctx, q, insertNewEvents, eventTable(received), func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		inserted[id] = true
		return err
	})
	for i, r := range received {
		received[i].New = inserted[r.Event.ID]
	}
	return err
}

func eventTable(received []Received) table {
	t := table{kinds: []string{
		"bigint", "text", "text", "text", "text", "text", "text", "bigint",
		"text", "text", "text", "bigint", "bigint", "text", "text", "text", "boolean",
	}}
	for _, r := range received {
		e := r.Event
		t.add(
			e.Seq, e.ID, e.WebhookID, e.ConnectionID, e.AccountID, e.Type, e.ContactKey(), e.MojoContactID,
			e.APIContactID, e.ContactName, string(e.Body), millis(e.OccurredAt), millis(e.ReceivedAt), string(e.State), e.Reason, e.ClaimedBy,
			e.Doubt,
		)
	}
	return t
}

const (
	intoEvents = `
insert into events (
    seq, id, webhook_id, connection_id, account_id, type, contact_key, mojo_contact_id,
    api_contact_id, contact_name, body, occurred_at, received_at, state, reason, claimed_by,
    attempts, next_at, doubt, result_id, finished_at
)`
	unlessKnown = `
on conflict (webhook_id) where webhook_id <> '' do nothing`

	insertNewEvents = intoEvents + `
select
    v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8,
    v.column9, v.column10, v.column11, v.column12, v.column13, v.column14, v.column15, v.column16,
    0, v.column13, v.column17, '', case when v.column14 = 'waiting' then 0 else v.column13 end
from %s
where true` + unlessKnown + `
returning id`

	// SQLite keeps a journal of its own for each statement that selects or returns rows, which costs as much as the insert.
	insertNewEvent = intoEvents + `
values (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
    ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
    0, ?13, ?17, '', case when ?14 = 'waiting' then 0 else ?13 end
)` + unlessKnown
)

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

// EventFilter says which of a connection's events are wanted.
type EventFilter struct {
	State  EventState // "" is all
	Before int64      // only those of a lower Seq; 0 is all
	Limit  int
}

// Events returns events of a connection, the newest first. The connection "" has those of accounts that were not connected.
func (s *Store) Events(ctx context.Context, connID string, f EventFilter) (events []Event, err error) {
	states := []EventState{f.State}
	if f.State == "" {
		states = []EventState{EventWaiting, EventWritten, EventNeedsYou, EventExcluded}
	}
	err = s.read(ctx, "get events", func(q tx) error {
		for _, state := range states { // the index is by state
			found, err := q.EventsInState(ctx, rows.EventsInStateParams{
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
