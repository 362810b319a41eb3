package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// ReconnectLink is an address that leads whoever holds it to the sign-in that a connection needs. It may be opened several
// times, for mail scanners open what they find.
type ReconnectLink struct {
	Hash         string // of the token in the address
	ConnectionID string
	MadeAt       time.Time
	ExpiresAt    time.Time
}

// AddReconnectLink stores a link. [ErrNotFound] when the connection isn't live, or is ending.
func (s *Store) AddReconnectLink(ctx context.Context, l ReconnectLink) error {
	return s.write(ctx, "add reconnect link", func(q tx) error {
		if err := lockOpen(ctx, q, l.ConnectionID); err != nil {
			return err
		}
		return q.InsertReconnectLink(ctx, rows.InsertReconnectLinkParams{
			Hash:         l.Hash,
			ConnectionID: l.ConnectionID,
			MadeAt:       millis(l.MadeAt),
			ExpiresAt:    millis(l.ExpiresAt),
		})
	})
}

// ConnectionOfReconnectLink returns the connection that a link is for. [ErrNotFound] when there is no such link, it has ended or
// expired, or the connection was reset or is ending.
func (s *Store) ConnectionOfReconnectLink(ctx context.Context, hash string, now time.Time) (c Connection, err error) {
	err = s.read(ctx, "get connection of a reconnect link", func(q tx) error {
		r, err := q.ConnectionOfReconnectLink(ctx, rows.ConnectionOfReconnectLinkParams{Hash: hash, Now: millis(now)})
		c = connection(r)
		return err
	})
	return c, err
}

// EndReconnectLinks ends all links of a connection: it was signed in to through one of them.
func (s *Store) EndReconnectLinks(ctx context.Context, connID string) error {
	return s.write(ctx, "end reconnect links", func(q tx) error {
		return q.EndReconnectLinks(ctx, connID)
	})
}
