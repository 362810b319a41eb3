package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"addtomojo/store/internal/rows"
)

// Limit bounds how often something may be tried, such as a sign-in from one address.
type Limit struct {
	Key    string
	Window time.Duration                 // the count starts afresh this long after its first try
	Wait   func(tries int) time.Duration // before the next one
}

// Try counts a try under each of the limits, or under none: when one of them makes it wait, it returns until when. Zero is "go
// ahead". Tries that come side by side count one after the other. Callers name limits of several kinds in the same order.
func (s *Store) Try(ctx context.Context, now time.Time, limits ...Limit) (until time.Time, err error) {
	err = s.write(ctx, "count try", func(q tx) error {
		for _, l := range limits {
			tries, err := q.CountTry(ctx, rows.CountTryParams{Key: l.Key, Now: millis(now), Until: millis(now.Add(l.Window))})
			if errors.Is(err, sql.ErrNoRows) {
				if until, err = nextTry(ctx, q, l.Key, now); err != nil {
					return err
				}
				return errWait
			}
			if err != nil {
				return err
			}
			next := millis(now.Add(l.Wait(int(tries))))
			if err := q.SetNextTry(ctx, rows.SetNextTryParams{Key: l.Key, NextAt: next}); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errWait) {
		return until, nil
	}
	return time.Time{}, err
}

// errWait undoes what was counted under the limits before.
var errWait = errors.New("it isn't time yet")

// nextTry is now when the key was forgiven just now.
func nextTry(ctx context.Context, q tx, key string, now time.Time) (time.Time, error) {
	next, err := q.NextTry(ctx, key)
	if errors.Is(err, sql.ErrNoRows) {
		return now, nil
	}
	return moment(next), err
}

// Uncount takes back what Try counted for keys, and their waits: the try was no failure.
func (s *Store) Uncount(ctx context.Context, now time.Time, keys ...string) error {
	return s.write(ctx, "uncount try", func(q tx) error {
		for _, key := range keys {
			if err := q.UncountTry(ctx, rows.UncountTryParams{Key: key, Now: millis(now)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forgive forgets all tries of a key.
func (s *Store) Forgive(ctx context.Context, key string) error {
	return s.write(ctx, "forgive tries", func(q tx) error {
		return q.Forgive(ctx, key)
	})
}
