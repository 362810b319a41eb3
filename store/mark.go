package store

import (
	"cmp"
	"context"
	"database/sql"
)

// ClaimEvents says that owner is about to deliver events, in a commit that it shares with others. Ones that somebody else had
// claimed get Doubt. [ErrStale] when one of them doesn't wait any more: it must not be delivered; the others are claimed.
func (s *Store) ClaimEvents(ctx context.Context, ids []string, owner string) error {
	done, err := s.marker.write(ctx, entry{mark: &mark{claim: ids, owner: owner}})
	return named("claim events", cmp.Or(err, done.refused))
}

// FinishEvent stores an outcome, in a commit that it shares with others and may wait a moment for. [ErrStale] when the event doesn't
// wait any more, after a reset say, or its Owner has no claim any more, since another worker had one meanwhile: then nothing has
// changed. But that it was written is true in any case, and is stored with what was learned; [ErrStale] then only says that this worker
// should stop. [ErrNotFound] when there is no such event.
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
	if err := takeTurn(ctx, q, turnDeliver); err != nil { // as everybody does who changes deliveries
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
	plain := plainOf(batch)
	if q.oneByOne() {
		left = plain.others
		err = execEach(ctx, q, finishDelivery, plain.table, func(row int, result sql.Result) error {
			changed, err := result.RowsAffected()
			if changed == 0 {
				left = append(left, plain.marks[row])
			}
			return err
		})
		return left, err
	}
	finished := make(ids)
	err = queryBulk(ctx, q, finishDeliveries, plain.table, finished.scan)
	return plain.left(batch, finished), err
}

// markPiped is markAll on PostgreSQL: plain outcomes in a transaction of their own that is one way to the server long, the others,
// which are few, one by one.
func (s *Store) markPiped(ctx context.Context, batch []*mark) ([]error, error) {
	plain := plainOf(batch)
	finished := make(ids)
	if len(plain.marks) > 0 {
		err := piped(ctx, s.writer, func(p *pipeline) error {
			p.add(takeTurnPiped, turnDeliver, 0)
			p.readBulk(finishDeliveries, plain.table, finished.scan)
			return p.commit(ctx)
		})
		if err != nil {
			return nil, err
		}
	}
	refused := make([]error, len(batch))
	for _, i := range plain.left(batch, finished) {
		err := s.write(ctx, "mark event", func(q tx) error {
			no, err := markAll(ctx, q, batch[i:i+1])
			if err == nil {
				refused[i] = no[0]
			}
			return err
		})
		if err != nil {
			refused[i] = err
		}
	}
	return refused, nil
}

// plainMarks are the marks of a batch that are plain outcomes.
type plainMarks struct {
	table  table
	marks  []int // of the table's rows
	others []int // that aren't plain, or not alone with their event
}

func plainOf(batch []*mark) plainMarks {
	times := make(map[string]int)
	for _, m := range batch {
		for _, id := range m.claim {
			times[id]++
		}
	}
	p := plainMarks{table: table{kinds: []string{"text", "text", "text", "text", "text", "bigint", "bigint", "bigint", "boolean"}}}
	for i, m := range batch {
		if m.outcome == nil || !m.outcome.plain() || times[m.outcome.EventID] > 1 {
			p.others = append(p.others, i)
			continue
		}
		var d delivery
		d.apply(*m.outcome)
		p.table.add(m.outcome.EventID, m.outcome.Owner, string(d.state), d.reason, d.resultID, d.attempts, d.nextAt, d.finishedAt, d.doubt)
		p.marks = append(p.marks, i)
	}
	return p
}

// left are the marks that are still to do.
func (p plainMarks) left(batch []*mark, finished ids) []int {
	left := p.others
	for _, i := range p.marks {
		if !finished[batch[i].outcome.EventID] {
			left = append(left, i)
		}
	}
	return left
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
    and ?2 in ('', claimed_by)`

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
    and v.column2 in ('', events.claimed_by)
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
	return found, queryBulk(ctx, q, selectDeliveries, wanted, func(r row) error {
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
	mine := o.Owner == "" || d.claimedBy == o.Owner
	if d.state != EventWaiting || !mine {
		refused = ErrStale
		if o.State != EventWritten || d.state != EventWaiting && d.state != EventExcluded {
			return refused, nil
		}
	}
	d.apply(o)
	if err := learn(ctx, q, d.connectionID, o); err != nil || refused == nil {
		return refused, err
	}
	return refused, leave(ctx, q, d.connectionID) // the customer may have connected again meanwhile
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
		if err := saveSnapshot(ctx, q, connID, o.Snapshot.edited(o.At)); err != nil {
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
		return execEach(ctx, q, updateDelivery, t, func(int, sql.Result) error { return nil })
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
