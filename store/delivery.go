package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"addtomojo/store/internal/rows"
)

// The reasons of events that stop waiting.
const (
	resetReason  = "Reset Credentials was pressed."
	mayBeThere   = " It may be in Wise Agent all the same." // follows it where the event may be on its way
	tooOldReason = "Too old: it waited more than 30 days."
)

// DueContacts returns the keys of a connection's contacts that have an event which may be delivered now, in the order of those events'
// receipt, at most limit. Contacts that are busy are left out.
func (s *Store) DueContacts(ctx context.Context, connID string, now time.Time, limit int, busy []string) (keys []string, err error) {
	var left strings.Builder
	for _, key := range busy {
		left.WriteString("<" + key + ">")
	}
	err = s.read(ctx, "get due contacts", func(q tx) error {
		keys, err = q.DueContacts(ctx, rows.DueContactsParams{
			ConnectionID: connID,
			Now:          millis(now),
			Busy:         left.String(),
			Most:         int64(limit),
		})
		return err
	})
	return keys, err
}

// Due is an event that may be delivered now. One that comes with Doubt, or with a ClaimedBy that isn't the caller's own fresh claim,
// may have been written: look first.
type Due struct {
	Event Event
	Link  *Link // of its contact, by the id in Mojo alone; nil when it has none
	More  bool  // later events of the contact wait as well
}

// DueEvents returns of each of these contacts, by their keys, the first event that waits, if it is due, in the order of receipt.
func (s *Store) DueEvents(ctx context.Context, connID string, now time.Time, contactKeys []string) (due []Due, err error) {
	wanted := table{kinds: []string{"text"}}
	for _, key := range contactKeys {
		wanted.add(key)
	}
	pool := s.often
	if len(contactKeys) == 1 {
		pool = s.reader // as is the rule outside of bursts: its connections are at work anyway
	}
	err = named("get due events", queryBulk(ctx, s.on(pool, nil), selectDueEvents, wanted, func(r row) error {
		d, err := scanDue(r)
		due = append(due, d)
		return err
	}, connID, millis(now)))
	slices.SortFunc(due, func(a, b Due) int { return cmp.Compare(a.Event.Seq, b.Event.Seq) })
	return due, err
}

// selectDueEvents finds what the query DueContacts finds, with all that a delivery begins with: it is asked for each event. The first
// of each contact are found before anything is joined: PostgreSQL would else look through all that waits of the connection.
const selectDueEvents = `
with heads as materialized (
    select (
        select min(events.seq)
        from events
        where events.connection_id = ?1
            and events.contact_key = v.column1
            and events.finished_at = 0
    ) as seq
    from %s
)
select
    e.seq,
    e.id,
    e.webhook_id,
    e.connection_id,
    e.account_id,
    e.type,
    e.contact_key,
    e.mojo_contact_id,
    e.api_contact_id,
    e.contact_name,
    e.body,
    e.occurred_at,
    e.received_at,
    e.state,
    e.reason,
    e.attempts,
    e.next_at,
    e.doubt,
    e.claimed_by,
    e.result_id,
    e.finished_at,
    exists (
        select 1
        from events as later
        where later.connection_id = e.connection_id
            and later.contact_key = e.contact_key
            and later.finished_at = 0
            and later.seq > e.seq
    ),
    coalesce(l.client_id, ''),
    coalesce(l.api_contact_id, ''),
    coalesce(l.mojo_contact_id, 0),
    coalesce(l.notes_sent, 0),
    coalesce(l.created_at, 0),
    coalesce(l.pushed_at, 0),
    coalesce(l.source, ''),
    coalesce(l.custom_written, false),
    coalesce(l.do_not_call_at, 0),
    coalesce(l.custom_tries, 0),
    coalesce(l.custom_at, 0),
    coalesce(l.gone_at, 0)
from heads
cross join events as e -- SQLite keeps this order
left join mojo_contacts as m on m.connection_id = e.connection_id and m.mojo_contact_id = e.mojo_contact_id and e.mojo_contact_id <> 0
left join links as l on l.connection_id = m.connection_id and l.client_id = m.client_id
where e.seq = heads.seq
    and e.type <> 'account.disconnected'
    and e.next_at <= ?2`

func scanDue(r row) (d Due, err error) {
	var e rows.Event
	var l rows.Link
	err = r.Scan(append([]any{
		&e.Seq,
		&e.ID,
		&e.WebhookID,
		&e.ConnectionID,
		&e.AccountID,
		&e.Type,
		&e.ContactKey,
		&e.MojoContactID,
		&e.APIContactID,
		&e.ContactName,
		&e.Body,
		&e.OccurredAt,
		&e.ReceivedAt,
		&e.State,
		&e.Reason,
		&e.Attempts,
		&e.NextAt,
		&e.Doubt,
		&e.ClaimedBy,
		&e.ResultID,
		&e.FinishedAt,
		&d.More,
	}, linkFields(&l)...)...)
	d.Event = event(e)
	if l.ClientID != "" {
		found := link(l)
		d.Link = &found
	}
	return d, err
}

// Outcome is what became of a delivery, and what was learned by it.
type Outcome struct {
	EventID  string
	Owner    string // the worker that claimed it; "" where that doesn't matter
	At       time.Time
	State    EventState // EventWaiting: it is tried again
	Reason   string     // in plain words
	Attempts int        // failed ones
	NextAt   time.Time  // of a waiting one
	Doubt    bool       // a write may have happened; Retry keeps it
	ResultID string     // "" leaves what an earlier try wrote

	Links    []Link    // stored over earlier ones
	Snapshot *Snapshot // its fields are stored over earlier ones
	Activity *Activity
	Note     *MojoNote
}

// RetryEvent lets an event that needs a person wait again, due at once. One that waits already stays as it is. [ErrStale] when it
// is written or excluded; [ErrNotFound] when the connection has no such event or isn't live.
func (s *Store) RetryEvent(ctx context.Context, connID, eventID string, now time.Time) error {
	return s.write(ctx, "retry event", func(q tx) error { return retryOne(ctx, q, connID, eventID, now) })
}

// RetellEvent is RetryEvent for an event of which more is known by now: e has the ID, and its Body, ContactName and APIContactID replace
// what was told before, unless that may be in Wise Agent already.
func (s *Store) RetellEvent(ctx context.Context, connID string, e Event, now time.Time) error {
	return s.write(ctx, "retell event", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil { // nobody delivers it meanwhile
			return err
		}
		err := q.RetellEvent(ctx, rows.RetellEventParams{
			ID: e.ID, ConnectionID: connID, Body: string(plainBody(e.Body)), ContactName: plain(e.ContactName), APIContactID: plain(e.APIContactID),
		})
		if err != nil {
			return err
		}
		return retryOne(ctx, q, connID, e.ID, now)
	})
}

func retryOne(ctx context.Context, q tx, connID, eventID string, now time.Time) error {
	n, err := retry(ctx, q, rows.RetryEventsParams{ConnectionID: connID, ID: eventID, Now: millis(now)})
	if err != nil || n > 0 {
		return err
	}
	e, err := q.Event(ctx, eventID)
	switch {
	case err != nil:
		return err
	case e.ConnectionID != connID:
		return ErrNotFound
	case EventState(e.State) != EventWaiting:
		return ErrStale
	}
	return nil
}

// RetryEvents does so with all of a connection's events that need a person and were received at since or later, the zero time is
// all, and tells how many they are. [ErrNotFound] when the connection isn't live.
func (s *Store) RetryEvents(ctx context.Context, connID string, since, now time.Time) (retried int, err error) {
	err = s.write(ctx, "retry events", func(q tx) error {
		n, err := retry(ctx, q, rows.RetryEventsParams{ConnectionID: connID, Since: millis(since), Now: millis(now)})
		retried = int(n)
		return err
	})
	return retried, err
}

func retry(ctx context.Context, q tx, p rows.RetryEventsParams) (int64, error) {
	if err := takeTurn(ctx, q, turnDeliver); err != nil {
		return 0, err
	}
	if err := lockOpen(ctx, q, p.ConnectionID); err != nil {
		return 0, err
	}
	return q.RetryEvents(ctx, p)
}

// ExcludeOld excludes events that wait and were received, and last retried, earlier than before, of all connections, and tells how
// many.
func (s *Store) ExcludeOld(ctx context.Context, before, now time.Time) (excluded int, err error) {
	err = s.write(ctx, "exclude old events", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		n, err := q.ExcludeOldEvents(ctx, rows.ExcludeOldEventsParams{
			Before: millis(before),
			Now:    millis(now),
			Reason: tooOldReason,

			DoubtfulReason: tooOldReason + mayBeThere,
		})
		excluded = int(n)
		return err
	})
	return excluded, err
}

// ResumeEvents makes all that waits for a connection due at once: its partner has recovered.
func (s *Store) ResumeEvents(ctx context.Context, connID string, now time.Time) error {
	return s.write(ctx, "resume events", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		return q.ResumeEvents(ctx, rows.ResumeEventsParams{ConnectionID: connID, Now: millis(now)})
	})
}
