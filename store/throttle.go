package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"addtomojo/store/internal/rows"
)

// Throttle counts failures of one kind: wrong Mojo sign-ins for an account, from an address, in a launch.
type Throttle struct {
	Key      string
	Failures int
	FirstAt  time.Time // of the failures counted
	NextAt   time.Time // no try before
}

// Throttle returns the count of a key; all zero when nothing failed.
func (s *Store) Throttle(ctx context.Context, key string) (t Throttle, err error) {
	err = s.read(ctx, "get throttle", func(q tx) error {
		r, err := q.Throttle(ctx, key)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		t = throttle(r)
		return err
	})
	return t, err
}

// Fail counts a failure and sets NextAt to wait(failures) from now on. A count whose first failure is older than window starts
// afresh.
func (s *Store) Fail(ctx context.Context, key string, window time.Duration, now time.Time, wait func(failures int) time.Duration) (t Throttle, err error) {
	err = s.write(ctx, "count failure", func(q tx) error {
		r, err := q.CountFailure(ctx, rows.CountFailureParams{Key: key, Now: millis(now), Until: millis(now.Add(window))})
		if err != nil {
			return err
		}
		r.NextAt = millis(now.Add(wait(int(r.Failures))))
		t = throttle(r)
		return q.SetThrottle(ctx, rows.SetThrottleParams{Key: key, NextAt: r.NextAt})
	})
	return t, err
}

// Forgive forgets a key's failures.
func (s *Store) Forgive(ctx context.Context, key string) error {
	return s.write(ctx, "forgive failures", func(q tx) error {
		return q.Forgive(ctx, key)
	})
}

func throttle(r rows.Throttle) Throttle {
	return Throttle{Key: r.Key, Failures: int(r.Failures), FirstAt: moment(r.FirstAt), NextAt: moment(r.NextAt)}
}
