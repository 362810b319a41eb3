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

// Lease takes a connection's work, or renews the lease that owner has. False: somebody else has it, or the connection isn't live.
func (s *Store) Lease(ctx context.Context, connID, owner string, now, until time.Time) (bool, error) {
	var taken bool
	err := s.write(ctx, "lease connection", func(q tx) error {
		n, err := q.Lease(ctx, rows.LeaseParams{ID: connID, Owner: owner, Now: millis(now), Until: millis(until)})
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
