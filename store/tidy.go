package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"addtomojo/store/internal/rows"
)

const (
	launchesFor = 30 * 24 * time.Hour // how long a launch is kept, for support
	refusedFor  = 30 * 24 * time.Hour // how long it is known that hooks were turned away
	bodiesFor   = 30 * 24 * time.Hour // how long a webhook-id and what came with it are kept
)

// Tidied counts what Tidy removed.
type Tidied struct {
	Sessions       int
	Nonces         int
	Consents       int
	SignIns        int
	Throttles      int
	Launches       int
	RefusedHooks   int // counts of them
	StaffLinks     int // never used
	ReconnectLinks int
	Events         int // their webhook-ids, and the bodies of finished ones; the rows stay
}

// Tidy removes what has expired: sessions, nonces, consents, sign-ins (their tokens are to be revoked), throttles, staff's links,
// reconnect links (those of reset connections too), launches and counts of refused hooks older than 30 days, and of
// events received more than 30 days ago the webhook-id and, when it is written or excluded, the body; when its account wasn't
// connected also whom it was about.
func (s *Store) Tidy(ctx context.Context, now time.Time) (t Tidied, err error) {
	err = s.write(ctx, "tidy", func(q tx) error {
		var err error
		if t.SignIns, err = s.dropExpiredSignIns(ctx, q, now); err != nil {
			return err
		}
		for _, part := range []struct {
			count  *int
			remove func(context.Context, int64) (int64, error)
			until  time.Time
		}{
			{&t.Sessions, q.DeleteSessions, now},
			{&t.Nonces, q.DeleteNonces, now},
			{&t.Consents, q.DeleteConsents, now},
			{&t.Throttles, q.DeleteThrottles, now},
			{&t.RefusedHooks, q.DeleteRefusedHooks, now.Add(-refusedFor)},
			{&t.StaffLinks, q.DeleteStaffLinks, now},
			{&t.ReconnectLinks, q.DeleteReconnectLinks, now},
			{&t.Launches, q.DeleteLaunches, now.Add(-launchesFor)},
		} {
			n, err := part.remove(ctx, millis(part.until))
			if err != nil {
				return err
			}
			*part.count = int(n)
		}
		return nil
	})
	if err == nil {
		t.Events, err = s.forgetEvents(ctx, now)
	}
	return t, err
}

// forgetEvents forgets the oldest events that are known, up to the last old one before the first that is young. One that was received
// in the future, by a clock that was wrong, is as old as those that came after it: it must not keep them for years. It works in small
// steps, for deliveries wait meanwhile.
func (s *Store) forgetEvents(ctx context.Context, now time.Time) (forgotten int, err error) {
	var last int64
	err = s.read(ctx, "find old events", func(q tx) error {
		after, err := q.Forgotten(ctx)
		if err != nil {
			return err
		}
		last, err = q.LastOldEvent(ctx, rows.LastOldEventParams{After: after, Old: millis(now.Add(-bodiesFor)), Now: millis(now)})
		return err
	})
	for more := last > 0; more && err == nil; {
		var n int
		n, more, err = s.forgetNext(ctx, last)
		forgotten += n
	}
	return forgotten, err
}

// forgetNext forgets the next events up to the last one, not too many at once, and tells whether there are more.
func (s *Store) forgetNext(ctx context.Context, last int64) (forgotten int, more bool, err error) {
	const most = 1000
	err = s.write(ctx, "forget events", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		after, err := q.Forgotten(ctx)
		if err != nil || after >= last { // somebody else was faster
			return err
		}
		upto := min(after+most, last)
		n, err := q.ForgetEvents(ctx, rows.ForgetEventsParams{After: after, Upto: upto})
		if err != nil {
			return err
		}
		forgotten, more = int(n), upto < last
		return q.SetForgotten(ctx, upto)
	})
	return forgotten, more, err
}

func (s *Store) dropExpiredSignIns(ctx context.Context, q tx, now time.Time) (dropped int, err error) {
	ids, err := q.ExpiredSignIns(ctx, millis(now))
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		r, err := q.LockSignIn(ctx, id)
		if errors.Is(err, sql.ErrNoRows) || err == nil && r.ExpiresAt > millis(now) {
			continue // somebody took it up again
		}
		if err != nil {
			return dropped, err
		}
		if err := s.dropSignIn(ctx, q, id, now); err != nil {
			return dropped, err
		}
		dropped++
	}
	return dropped, nil
}
