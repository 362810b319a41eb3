package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// DueConnections returns live connections that have a push to work on or an event to deliver, need no sign-in, and whose work
// nobody has leased; the longest due first.
func (s *Store) DueConnections(ctx context.Context, now time.Time, limit int) (ids []string, err error) {
	err = s.read(ctx, "get due connections", func(q tx) error {
		ids, err = q.DueConnections(ctx, rows.DueConnectionsParams{Now: millis(now), Most: int64(limit)})
		return err
	})
	return ids, err
}

// ConnectionsWithoutCustom returns healthy connections whose work nobody has leased with links as [Store.LinksWithoutCustom] finds
// them, by id; at most limit of those after the id after.
func (s *Store) ConnectionsWithoutCustom(ctx context.Context, after string, now time.Time, limit int) (ids []string, err error) {
	err = s.read(ctx, "get connections without custom field", func(q tx) error {
		ids, err = q.ConnectionsWithoutCustom(ctx, rows.ConnectionsWithoutCustomParams{
			After: after,
			Now:   millis(now),
			Most:  int64(limit),
		})
		return err
	})
	return ids, err
}

// Lease takes a connection's work that nobody has, or renews the lease that owner has. False: somebody else has it, also when it has
// run out, or the connection isn't live.
func (s *Store) Lease(ctx context.Context, connID, owner string, until time.Time) (bool, error) {
	var taken bool
	err := s.write(ctx, "lease connection", func(q tx) error {
		n, err := q.Lease(ctx, rows.LeaseParams{ID: connID, Owner: owner, Until: millis(until)})
		taken = n > 0
		return err
	})
	return taken, err
}

// Lessee is who has a connection's work.
type Lessee struct {
	Owner string    // "" is nobody
	Until time.Time // by the owner's clock
}

// Lessee returns who has a connection's work, or [ErrNotFound].
func (s *Store) Lessee(ctx context.Context, connID string) (l Lessee, err error) {
	err = s.read(ctx, "get lessee", func(q tx) error {
		r, err := q.Lessee(ctx, connID)
		l = Lessee{Owner: r.LeaseOwner, Until: moment(r.LeaseUntil)}
		return err
	})
	return l, err
}

// TakeOver takes a connection's work from a lessee whose lease has run out. False: it was renewed or given back since, has not run
// out, or the connection isn't live.
func (s *Store) TakeOver(ctx context.Context, connID, owner string, from Lessee, now, until time.Time) (bool, error) {
	var taken bool
	err := s.write(ctx, "take a connection over", func(q tx) error {
		n, err := q.TakeOver(ctx, rows.TakeOverParams{
			ID: connID, Owner: owner, FromOwner: from.Owner, FromUntil: millis(from.Until), Now: millis(now), Until: millis(until),
		})
		taken = n > 0
		return err
	})
	return taken, err
}

// Release gives back what Lease took. It may be gone already.
func (s *Store) Release(ctx context.Context, connID, owner string) error {
	return s.write(ctx, "release connection", func(q tx) error {
		return q.Release(ctx, rows.ReleaseParams{ID: connID, Owner: owner})
	})
}

// DuePushes returns a connection's pushes to work on, the oldest first.
func (s *Store) DuePushes(ctx context.Context, connID string, now time.Time) (due []Push, err error) {
	err = s.read(ctx, "get due pushes", func(q tx) error {
		found, err := q.DuePushes(ctx, rows.DuePushesParams{ConnectionID: connID, Now: millis(now)})
		due = collect(found, push)
		return err
	})
	return due, err
}
