package store

import (
	"context"
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
