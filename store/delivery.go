package store

import (
	"cmp"
	"context"
	"database/sql"
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

// DueEvents returns events of a connection that may be delivered now: of each contact the first that waits, if it is due, in the
// order of their receipt, at most limit. Contacts whose keys are busy are left out. An event that comes with Doubt, or with a
// ClaimedBy that isn't the caller's own fresh claim, may have been written: look first.
func (s *Store) DueEvents(ctx context.Context, connID string, now time.Time, limit int, busy []string) (due []Event, err error) {
	var left strings.Builder
	for _, key := range busy {
		left.WriteString("|" + key + "|")
	}
	err = s.read(ctx, "get due events", func(q tx) error {
		found, err := q.DueEvents(ctx, rows.DueEventsParams{
			ConnectionID: connID,
			Now:          millis(now),
			Busy:         left.String(),
			Most:         int64(limit),
		})
		due = collect(found, event)
		return err
	})
	return due, err
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

// ClaimEvents says that owner is about to deliver events, in a commit that it shares with others. Ones that somebody else had
// claimed get Doubt. [ErrStale] when one of them doesn't wait any more: it must not be delivered; the others are claimed.
func (s *Store) ClaimEvents(ctx context.Context, ids []string, owner string) error {
	done, err := s.marker.write(ctx, entry{mark: &mark{claim: ids, owner: owner}})
	return named("claim events", cmp.Or(err, done.refused))
}

// FinishEvent stores an outcome, in a commit that it shares with others and may wait a moment for. [ErrStale] when the event doesn't
// wait any more, after a reset say, or another worker has claimed it: then nothing has changed. But that it was written is true in
// any case, and is stored with what was learned; [ErrStale] then only says that this worker should stop. [ErrNotFound] when there is
// no such event.
func (s *Store) FinishEvent(ctx context.Context, o Outcome) error {
	done, err := s.marker.join(ctx, entry{mark: &mark{claim: []string{o.EventID}, owner: o.Owner, outcome: &o}})
	return named("finish event", cmp.Or(err, done.refused))
}

// A mark is a claim of events, or the outcome of one.
type mark struct {
	claim   []string
	owner   string
	outcome *Outcome
}

// markAll stores marks, and returns what is wrong with each.
func markAll(ctx context.Context, q tx, batch []*mark) ([]error, error) {
	if _, err := takeTurn(ctx, q, turnDeliver, 0); err != nil { // as everybody does who changes deliveries
		return nil, err
	}
	left, err := finishPlain(ctx, q, batch)
	if err != nil {
		return nil, err
	}
	refused := make([]error, len(batch))
	found, err := deliveries(ctx, q, batch, left)
	if err != nil {
		return nil, err
	}
	for _, i := range left {
		m := batch[i]
		if m.outcome == nil {
			refused[i] = claim(found, m)
		} else if refused[i], err = finish(ctx, q, found[m.outcome.EventID], *m.outcome); err != nil {
			return nil, err
		}
	}
	return refused, saveDeliveries(ctx, q, found)
}

// finishPlain stores outcomes that taught nothing, as most don't, and returns the marks that are left to do: a statement is enough
// for such an outcome, unless its event isn't as it should be.
func finishPlain(ctx context.Context, q tx, batch []*mark) (left []int, err error) {
	times := make(map[string]int)
	for _, m := range batch {
		for _, id := range m.claim {
			times[id]++
		}
	}
	t := table{kinds: []string{"text", "text", "text", "text", "text", "bigint", "bigint", "bigint", "boolean"}}
	var marks []int // of the rows
	for i, m := range batch {
		if m.outcome == nil || !m.outcome.plain() || times[m.outcome.EventID] > 1 {
			left = append(left, i)
			continue
		}
		var d delivery
		d.apply(*m.outcome)
		t.add(m.outcome.EventID, m.outcome.Owner, string(d.state), d.reason, d.resultID, d.attempts, d.nextAt, d.finishedAt, d.doubt)
		marks = append(marks, i)
	}
	if q.oneByOne() {
		return left, execEach(ctx, q, finishDelivery, t, func(row int) { left = append(left, marks[row]) })
	}
	done := make(map[string]bool)
	err = queryBulk(ctx, q, finishDeliveries, t, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		done[id] = true
		return err
	})
	for _, i := range marks {
		if !done[batch[i].outcome.EventID] {
			left = append(left, i)
		}
	}
	return left, err
}

// plain tells that nothing was learned.
func (o Outcome) plain() bool {
	return len(o.Links) == 0 && o.Snapshot == nil && o.Activity == nil && o.Note == nil
}

const (
	finishDelivery = `
update events
set state = ?3,
    reason = ?4,
    claimed_by = '',
    result_id = case ?5 when '' then result_id else ?5 end,
    attempts = ?6,
    next_at = ?7,
    finished_at = ?8,
    doubt = ?9,
    body = case when webhook_id = '' and ?3 in ('written', 'excluded') then '' else body end
where id = ?1
    and state = 'waiting'
    and (?2 = '' or claimed_by in ('', ?2))`

	finishDeliveries = `
update events
set state = v.column3,
    reason = v.column4,
    claimed_by = '',
    result_id = case v.column5 when '' then events.result_id else v.column5 end,
    attempts = v.column6,
    next_at = v.column7,
    finished_at = v.column8,
    doubt = v.column9,
    body = case when events.webhook_id = '' and v.column3 in ('written', 'excluded') then '' else events.body end
from %s
where events.id = v.column1
    and events.state = 'waiting'
    and (v.column2 = '' or events.claimed_by in ('', v.column2))
returning events.id`
)

// A delivery is the part of an event that marks change.
type delivery struct {
	seq                          int64
	connectionID                 string
	state                        EventState
	reason, claimedBy, resultID  string
	attempts, nextAt, finishedAt int64
	doubt                        bool
	changed                      bool
}

// deliveries reads those of some marks, by the events' ids.
func deliveries(ctx context.Context, q tx, batch []*mark, which []int) (map[string]*delivery, error) {
	found := make(map[string]*delivery)
	wanted := table{kinds: []string{"text"}}
	for _, i := range which {
		for _, id := range batch[i].claim {
			wanted.add(id)
		}
	}
	return found, queryBulk(ctx, q, selectDeliveries, wanted, func(r *sql.Rows) error {
		var id string
		var d delivery
		err := r.Scan(&id, &d.seq, &d.connectionID, &d.state, &d.reason, &d.claimedBy, &d.resultID,
			&d.attempts, &d.nextAt, &d.finishedAt, &d.doubt)
		found[id] = &d
		return err
	})
}

const selectDeliveries = `
select
    events.id, events.seq, events.connection_id, events.state, events.reason, events.claimed_by, events.result_id,
    events.attempts, events.next_at, events.finished_at, events.doubt
from %s
cross join events
where events.id = v.column1`

func claim(found map[string]*delivery, m *mark) (refused error) {
	for _, id := range m.claim {
		d := found[id]
		if d == nil || d.state != EventWaiting {
			refused = ErrStale
			continue
		}
		d.doubt = d.doubt || d.claimedBy != "" && d.claimedBy != m.owner
		d.claimedBy, d.changed = m.owner, true
	}
	return refused
}

// finish applies an outcome, and stores what was learned.
func finish(ctx context.Context, q tx, d *delivery, o Outcome) (refused, err error) {
	if d == nil {
		return ErrNotFound, nil
	}
	mine := o.Owner == "" || d.claimedBy == "" || d.claimedBy == o.Owner
	if d.state != EventWaiting || !mine {
		refused = ErrStale
		if o.State != EventWritten || d.state != EventWaiting && d.state != EventExcluded {
			return refused, nil
		}
	}
	d.apply(o)
	return refused, learn(ctx, q, d.connectionID, o)
}

func (d *delivery) apply(o Outcome) {
	d.state, d.reason, d.doubt, d.claimedBy = o.State, plain(o.Reason), o.Doubt, ""
	d.attempts, d.nextAt, d.finishedAt = int64(o.Attempts), millis(o.NextAt), millis(o.At)
	if o.State == EventWaiting {
		d.finishedAt = 0
	}
	d.resultID = cmp.Or(o.ResultID, d.resultID)
	d.changed = true
}

// learn stores what a delivery found out.
func learn(ctx context.Context, q tx, connID string, o Outcome) error {
	if err := saveLinks(ctx, q, connID, o.Links); err != nil {
		return err
	}
	if o.Snapshot != nil {
		if err := saveSnapshot(ctx, q, connID, *o.Snapshot); err != nil {
			return err
		}
	}
	if o.Activity != nil {
		if err := saveActivity(ctx, q, connID, *o.Activity); err != nil {
			return err
		}
	}
	if o.Note != nil {
		return saveMojoNote(ctx, q, connID, *o.Note)
	}
	return nil
}

func saveDeliveries(ctx context.Context, q tx, changed map[string]*delivery) error {
	t := table{kinds: []string{"bigint", "text", "text", "text", "text", "bigint", "bigint", "bigint", "boolean"}}
	for _, d := range changed {
		if d.changed {
			t.add(d.seq, string(d.state), d.reason, d.claimedBy, d.resultID, d.attempts, d.nextAt, d.finishedAt, d.doubt)
		}
	}
	if q.oneByOne() {
		return execEach(ctx, q, updateDelivery, t, func(int) {})
	}
	return execBulk(ctx, q, updateDeliveries, t)
}

// An event that was forgotten already, see Tidy, has no use for its body once it is written or excluded.
const (
	updateDeliveries = `
update events
set state = v.column2,
    reason = v.column3,
    claimed_by = v.column4,
    result_id = v.column5,
    attempts = v.column6,
    next_at = v.column7,
    finished_at = v.column8,
    doubt = v.column9,
    body = case when events.webhook_id = '' and v.column2 in ('written', 'excluded') then '' else events.body end
from %s
where events.seq = v.column1`

	// SQLite sorts the rows to be updated first when there is a "from".
	updateDelivery = `
update events
set state = ?2,
    reason = ?3,
    claimed_by = ?4,
    result_id = ?5,
    attempts = ?6,
    next_at = ?7,
    finished_at = ?8,
    doubt = ?9,
    body = case when webhook_id = '' and ?2 in ('written', 'excluded') then '' else body end
where seq = ?1`
)

// RetryEvent lets an event that needs a person wait again, due at once. One that waits already stays as it is. [ErrStale] when it
// is written or excluded; [ErrNotFound] when the connection has no such event or isn't live.
func (s *Store) RetryEvent(ctx context.Context, connID, eventID string, now time.Time) error {
	return s.write(ctx, "retry event", func(q tx) error {
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
	})
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
	if _, err := takeTurn(ctx, q, turnDeliver, 0); err != nil {
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
		if _, err := takeTurn(ctx, q, turnDeliver, 0); err != nil {
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
		if _, err := takeTurn(ctx, q, turnDeliver, 0); err != nil {
			return err
		}
		return q.ResumeEvents(ctx, rows.ResumeEventsParams{ConnectionID: connID, Now: millis(now)})
	})
}
