package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"addtomojo/store/internal/rows"
)

// ErrTooLate says that a push was finished too long ago to be undone.
var ErrTooLate = errors.New("too late to undo")

// ErrStopAsked says that a push is to be stopped: its customer asked for that.
var ErrStopAsked = errors.New("the push is to be stopped")

// PushMarks are what a worker found out about a push's contacts, and what it is about to do.
type PushMarks struct {
	Results   []PushContact // State, Reason, Doubt, MojoContactID, PutIn and, unless it is "", Name for these Positions
	Links     []Link        // stored over earlier ones
	Snapshots []Snapshot    // their fields are stored over earlier ones, unless an edit of the part was written since their SeenAt
	Doubt     ContactState  // ContactCreating or ContactMoving: the state for Positions, which are about to be sent;
	Positions []int         // or ContactWaiting: they were not. Ones that are through already stay as they are
}

// MarkPush stores marks in one go. When the push was stopped meanwhile, results and links are stored all the same, for they are
// true, and so is what was not sent after all; but it returns [ErrStale]: nothing more may be sent. Of a push that is to be stopped
// no more contacts may be created: it returns [ErrStopAsked]. What was sent already may come to its end.
func (s *Store) MarkPush(ctx context.Context, id string, m PushMarks) error {
	var stopped, stopping bool
	err := s.write(ctx, "mark push", func(q tx) error {
		if len(m.Links)+len(m.Snapshots) > 0 { // deliveries change them too
			if err := takeTurn(ctx, q, turnDeliver); err != nil {
				return err
			}
		}
		p, err := q.LockPush(ctx, id)
		if err != nil {
			return err
		}
		if err := saveResults(ctx, q, id, m.Results); err != nil {
			return err
		}
		if err := saveLinks(ctx, q, p.ConnectionID, m.Links); err != nil {
			return err
		}
		for _, seen := range m.Snapshots {
			if err := saveSnapshot(ctx, q, p.ConnectionID, seen); err != nil {
				return err
			}
		}
		if stopped = PushState(p.State) == PushStopped; stopped {
			return clearDoubts(ctx, q, p, m)
		}
		if stopping = p.StopAskedAt > 0 && m.Doubt == ContactCreating; stopping {
			return nil
		}
		return saveDoubts(ctx, q, id, m.Doubt, m.Positions)
	})
	switch {
	case err == nil && stopped:
		return fmt.Errorf("mark push: it was stopped: %w", ErrStale)
	case err == nil && stopping:
		return fmt.Errorf("mark push: %w", ErrStopAsked)
	}
	return err
}

// clearDoubts says of contacts that failed in doubt, when their push was stopped, that they were never sent.
func clearDoubts(ctx context.Context, q tx, p rows.Push, m PushMarks) error {
	if m.Doubt != ContactWaiting {
		return nil
	}
	return execBulk(ctx, q, updateUnsent, positions(m.Positions), p.ID, p.Cause)
}

const updateUnsent = `
update push_contacts
set reason = ?2, doubt = ''
from %s
where push_contacts.push_id = ?1
    and push_contacts.position = v.column1
    and push_contacts.state = 'failed'
    and push_contacts.doubt <> ''`

func saveResults(ctx context.Context, q tx, pushID string, results []PushContact) error {
	t := table{kinds: []string{"bigint", "text", "text", "text", "bigint", "boolean", "text"}}
	for _, c := range results {
		t.add(c.Position, string(c.State), c.Reason, string(c.Doubt), c.MojoContactID, c.PutIn, c.Name)
	}
	return execBulk(ctx, q, updateResults, t, pushID)
}

const updateResults = `
update push_contacts
set state = v.column2,
    reason = v.column3,
    doubt = v.column4,
    mojo_contact_id = v.column5,
    put_in = v.column6,
    name = case when v.column7 = '' then push_contacts.name else v.column7 end
from %s
where push_contacts.push_id = ?1 and push_contacts.position = v.column1`

func saveDoubts(ctx context.Context, q tx, pushID string, doubt ContactState, which []int) error {
	return execBulk(ctx, q, updateDoubts, positions(which), pushID, string(doubt))
}

func positions(which []int) table {
	t := table{kinds: []string{"bigint"}}
	for _, p := range which {
		t.add(p)
	}
	return t
}

const updateDoubts = `
update push_contacts
set state = ?2
from %s
where push_contacts.push_id = ?1
    and push_contacts.position = v.column1
    and push_contacts.state in ('waiting', 'creating', 'moving')`

// SetPush says how far the work on a push is: its state, the cause of a pause or stop, failed tries in a row, and when to go on.
// StartedAt, FinishedAt and UndoneAt follow the state. [ErrStale] when the push is at its end already: a worker never revives it.
//
// Two states bring more with them. A push is only paused while its connection needs a sign-in; if the customer was faster, it
// goes on at once. When it is stopped, the contacts that still wait fail with the cause, and those in doubt keep it for a Retry.
// A push that is to be stopped is stopped instead of waiting for anything.
func (s *Store) SetPush(ctx context.Context, id string, state PushState, cause string, attempts int, nextAt, now time.Time) error {
	return s.write(ctx, "set push", func(q tx) error {
		c, p, err := lockPush(ctx, q, id)
		if errors.Is(err, sql.ErrNoRows) { // the connection was reset
			return ErrStale
		}
		if err != nil {
			return err
		}
		if finished(PushState(p.State)) {
			return ErrStale
		}
		if p.StopAskedAt > 0 && (state == PushPaused || state == PushSending && nextAt.After(now)) {
			return stopByCustomer(ctx, q, p, now)
		}
		if state == PushStopped {
			return stopPush(ctx, q, p, cause, now)
		}
		p.Cause, p.Attempts, p.NextAt = cause, int64(attempts), millis(nextAt)
		enter(&p, state, now)
		if state == PushPaused && State(c.State) != StateNeedsSignIn {
			resume(&p, now)
		}
		return savePush(ctx, q, p)
	})
}

// stopPush is the end of a push before all its contacts are through.
func stopPush(ctx context.Context, q tx, p rows.Push, cause string, now time.Time) error {
	p.Cause, p.Attempts, p.NextAt = cause, 0, millis(now)
	enter(&p, PushStopped, now)
	if err := savePush(ctx, q, p); err != nil {
		return err
	}
	return q.FailOpenContacts(ctx, rows.FailOpenContactsParams{PushID: p.ID, Reason: cause, DoubtfulReason: cause + doubtful})
}

func stopByCustomer(ctx context.Context, q tx, p rows.Push, now time.Time) error {
	return stopPush(ctx, q, p, customersStop, now)
}

// StopPush has a push stopped, as its customer wants, and tells whether it is. A push that nobody works on just now is stopped at
// once; whoever works on another one lets what is at Mojo come to its end, sends nothing more, and calls [Store.EndStop]. Asking
// again, or for a push that is over or being undone, changes nothing. [ErrNotFound] when there is no such push or its connection
// isn't live.
func (s *Store) StopPush(ctx context.Context, id string, now time.Time) (stopped bool, err error) {
	err = s.write(ctx, "stop push", func(q tx) error {
		_, p, err := lockPush(ctx, q, id)
		if err != nil || finished(PushState(p.State)) || p.UndoAskedAt > 0 || p.StopAskedAt > 0 {
			return err
		}
		working, err := mayBeAtWork(ctx, q, p, now)
		if err != nil {
			return err
		}
		p.StopAskedAt = millis(now)
		if working {
			return savePush(ctx, q, p)
		}
		stopped = true
		return stopByCustomer(ctx, q, p, now)
	})
	return stopped && err == nil, err
}

// mayBeAtWork tells whether a worker may be sending a push: it is due, and none of the connection was taken up since.
func mayBeAtWork(ctx context.Context, q tx, p rows.Push, now time.Time) (bool, error) {
	if PushState(p.State) != PushSending || p.NextAt > millis(now) {
		return false, nil
	}
	_, err := q.PushSince(ctx, rows.PushSinceParams{ConnectionID: p.ConnectionID, ID: p.ID, Turn: p.Turn})
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return false, err
}

// EndStop is the end of a push that was to be stopped, once nothing of it is at Mojo any more. [ErrStale] when it has ended already.
func (s *Store) EndStop(ctx context.Context, id string, now time.Time) error {
	return s.SetPush(ctx, id, PushStopped, customersStop, 0, now, now)
}

// TakePush has a worker's turn at a push begin, and returns the push as it is from then on: one that waits is being sent.
// [ErrStale] when there is nothing to do for it any more.
func (s *Store) TakePush(ctx context.Context, id string, now time.Time) (taken Push, err error) {
	err = s.write(ctx, "take push", func(q tx) error {
		_, p, err := lockPush(ctx, q, id)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !due(PushState(p.State)) { // the connection was reset, or the push was stopped
			return ErrStale
		}
		if err != nil {
			return err
		}
		if PushState(p.State) == PushWaiting {
			enter(&p, PushSending, now)
		}
		last, err := q.LastTurn(ctx, p.ConnectionID)
		if err != nil {
			return err
		}
		p.Turn = last + 1
		taken = push(p)
		return savePush(ctx, q, p)
	})
	return taken, err
}

// due tells whether a worker has something to do, sooner or later.
func due(s PushState) bool { return !finished(s) && s != PushPaused }

// RetryPush lets the failed contacts of a push that is done or stopped wait again, as its next run, and tells how many there are.
// When there are none, or the push is still at work or was to be undone, nothing changes. [ErrNotFound] when there is no such
// push or its connection isn't live, or is ending.
func (s *Store) RetryPush(ctx context.Context, id string, now time.Time) (retried int, err error) {
	err = s.write(ctx, "retry push", func(q tx) error {
		c, p, err := lockPush(ctx, q, id)
		switch {
		case err != nil:
			return err
		case c.ResetAskedAt > 0:
			return ErrNotFound
		case !finished(PushState(p.State)) || p.UndoAskedAt > 0:
			return nil
		}
		n, err := q.RetryContacts(ctx, rows.RetryContactsParams{PushID: id, Run: p.Run + 1})
		if err != nil || n == 0 {
			return err
		}
		retried = int(n)
		p.Run++
		resume(&p, now)
		return savePush(ctx, q, p)
	})
	return retried, err
}

// UndoPush has a push undone that was done or stopped at oldest or later; [ErrTooLate] when it was before. Asking again changes
// nothing, unless undoing was given up and the push is stopped: then it goes on. [ErrStale] when the push is still being sent,
// [ErrNotFound] when there is no such push or its connection isn't live, or is ending.
func (s *Store) UndoPush(ctx context.Context, id string, now, oldest time.Time) error {
	return s.write(ctx, "undo push", func(q tx) error {
		c, p, err := lockPush(ctx, q, id)
		state := PushState(p.State)
		switch {
		case err != nil:
			return err
		case c.ResetAskedAt > 0:
			return ErrNotFound
		case p.UndoAskedAt > 0 && state != PushStopped:
			return nil
		case state != PushDone && state != PushStopped:
			return ErrStale
		case p.FinishedAt < millis(oldest):
			return ErrTooLate
		}
		p.UndoAskedAt = millis(now)
		resume(&p, now)
		return savePush(ctx, q, p)
	})
}

// lockPush locks a push and its connection, which must be live.
func lockPush(ctx context.Context, q tx, id string) (c rows.Connection, p rows.Push, err error) {
	if p, err = q.Push(ctx, id); err != nil {
		return c, p, err
	}
	if c, err = q.LockLiveConnection(ctx, p.ConnectionID); err != nil {
		return c, p, err
	}
	p, err = q.LockPush(ctx, id)
	return c, p, err
}

// finished tells whether a worker has nothing more to do.
func finished(s PushState) bool {
	return s == PushDone || s == PushStopped || s == PushUndone
}

func enter(p *rows.Push, s PushState, now time.Time) {
	p.State = string(s)
	switch s {
	case PushSending:
		if p.StartedAt == 0 {
			p.StartedAt = millis(now)
		}
	case PushDone, PushStopped:
		p.FinishedAt = millis(now)
	case PushUndone:
		p.UndoneAt = millis(now)
	}
}

// resume makes the push due: to be sent, or to be undone if that was asked for. ResumePushes does the same to all paused ones.
func resume(p *rows.Push, now time.Time) {
	p.State = string(PushWaiting)
	if p.UndoAskedAt > 0 {
		p.State = string(PushUndoing)
	}
	p.Cause, p.Attempts, p.NextAt, p.StopAskedAt = "", 0, millis(now), 0
}

func savePush(ctx context.Context, q tx, p rows.Push) error {
	return q.SavePush(ctx, rows.SavePushParams{
		ID:          p.ID,
		State:       p.State,
		Cause:       p.Cause,
		Run:         p.Run,
		Attempts:    p.Attempts,
		NextAt:      p.NextAt,
		StartedAt:   p.StartedAt,
		FinishedAt:  p.FinishedAt,
		UndoAskedAt: p.UndoAskedAt,
		UndoneAt:    p.UndoneAt,
		StopAskedAt: p.StopAskedAt,
		Turn:        p.Turn,
	})
}
