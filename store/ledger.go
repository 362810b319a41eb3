package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Ledger counts a connection's events. Received is always the sum of the others.
type Ledger struct {
	Received, Waiting, Written, NeedsYou, Excluded int

	LastCallAt    time.Time // when the last call was written
	OldestWaiting time.Time // when it was received
}

// Ledger returns a connection's ledger. The connection "" has the events of accounts that were not connected.
func (s *Store) Ledger(ctx context.Context, connID string) (l Ledger, err error) {
	err = s.read(ctx, "get ledger", func(q tx) error {
		counts, err := q.CountEvents(ctx, connID)
		if err != nil {
			return err
		}
		for _, c := range counts {
			l.add(EventState(c.State), int(c.Events))
		}
		called, err := q.LastCall(ctx, connID)
		if err != nil {
			return err
		}
		l.LastCallAt = moment(called)
		oldest, err := q.OldestWaiting(ctx, connID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		l.OldestWaiting = moment(oldest)
		return err
	})
	return l, err
}

func (l *Ledger) add(s EventState, n int) {
	l.Received += n
	switch s {
	case EventWaiting:
		l.Waiting += n
	case EventWritten:
		l.Written += n
	case EventNeedsYou:
		l.NeedsYou += n
	case EventExcluded:
		l.Excluded += n
	}
}
