package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
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

// EventTypes are the types of events that go to Wise Agent.
func EventTypes() []string { return slices.Clone(eventTypes) }

// The reasons of events that are excluded at once.
const (
	notConnected = "Not connected to Wise Agent."
	unknownType  = "Not a kind of event that goes to Wise Agent."
)

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

// receive stores events on SQLite, where whoever writes is alone, and which numbers them by itself.
func receive(ctx context.Context, q tx, batch []*receipt) ([]Received, error) {
	live, wanted := accountsOf(batch)
	if err := queryBulk(ctx, q, selectLiveAccounts, wanted, live.scan); err != nil {
		return nil, err
	}
	received := arriveAll(batch, live)
	err := execEach(ctx, q, insertNewEvent, eventTable(received), func(i int, result sql.Result) (err error) {
		changed, err := result.RowsAffected()
		if received[i].New = changed > 0; received[i].New {
			received[i].Event.Seq, err = result.LastInsertId()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return received, readKnown(ctx, q, received)
}

// receivePiped stores events on PostgreSQL, in a transaction of its own that is two ways to the server long.
func (s *Store) receivePiped(ctx context.Context, batch []*receipt) (received []Received, err error) {
	err = piped(ctx, s.writer, func(p *pipeline) error {
		var last int64
		p.read(takeTurnPiped, []any{turnReceive, len(batch)}, func(r row) error { return r.Scan(&last) })
		live, wanted := accountsOf(batch)
		p.readBulk(selectLiveAccounts, wanted, live.scan)
		if err := p.send(ctx); err != nil {
			return err
		}
		received = arriveAll(batch, live)
		for i := range received {
			received[i].Event.Seq = last - int64(len(batch)-1-i)
		}
		inserted := make(ids, len(received))
		p.readBulk(insertNewEvents, eventTable(received), inserted.scan)
		if err := p.commit(ctx); err != nil {
			return err
		}
		inserted.tell(received)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return received, readKnown(ctx, s.on(s.reader, nil), received)
}

// takeTurnPiped is TakeTurn of package rows, which also takes numbers.
const takeTurnPiped = `
update turns
set last = last + ?2
where name = ?1
returning last`

const (
	turnReceive = "receive"
	turnDeliver = "deliver"
)

// takeTurn waits for all others that take the same turn, until their commits. On SQLite whoever writes is alone anyway.
func takeTurn(ctx context.Context, q tx, name string) error {
	if q.oneByOne() {
		return nil
	}
	return q.TakeTurn(ctx, name)
}

// An account is what decides about events of a Mojo account.
type account struct {
	connectionID string
	leaseOwner   string
	leaseUntil   int64
}

// accounts are the live ones among some, by Mojo's ids.
type accounts map[string]account

func (a accounts) scan(r row) error {
	var id string
	var found account
	err := r.Scan(&id, &found.connectionID, &found.leaseOwner, &found.leaseUntil)
	a[id] = found
	return err
}

// accountsOf lists the events' accounts, of which none is known to be live yet.
func accountsOf(batch []*receipt) (accounts, table) {
	all := make(accounts)
	wanted := table{kinds: []string{"text"}}
	for _, r := range batch {
		if _, ok := all[r.event.AccountID]; !ok {
			all[r.event.AccountID] = account{}
			wanted.add(r.event.AccountID)
		}
	}
	return all, wanted
}

// selectLiveAccounts finds the live connections of the events' accounts. Reset takes the turn too, so they stay live until the commit.
const selectLiveAccounts = `
select connections.mojo_account_id, connections.id, connections.lease_owner, connections.lease_until
from %s
cross join connections
where connections.mojo_account_id = v.column1 and connections.state <> 'reset'`

// arriveAll makes the events that are stored. They have no numbers yet.
func arriveAll(batch []*receipt, live accounts) []Received {
	received := make([]Received, len(batch))
	for i, r := range batch {
		received[i].Event = arrive(r, live[r.event.AccountID])
	}
	return received
}

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

// readKnown puts what was stored before in place of those that are not new.
func readKnown(ctx context.Context, q tx, received []Received) error {
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

// ids are those of events that a statement changed.
type ids map[string]bool

func (s ids) scan(r row) error {
	var id string
	err := r.Scan(&id)
	s[id] = true
	return err
}

// tell says which events were new.
func (s ids) tell(received []Received) {
	for i, r := range received {
		received[i].New = s[r.Event.ID]
	}
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

	// SQLite numbers a row by itself, one more than the highest: no event is ever deleted. It keeps a journal of its own for each
	// statement that returns rows or inserts selected ones, which costs as much as the insert.
	insertNewEvent = intoEvents + `
values (
    nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8,
    ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
    0, ?13, ?17, '', case when ?14 = 'waiting' then 0 else ?13 end
)` + unlessKnown
)
