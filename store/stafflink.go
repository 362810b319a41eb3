package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// StaffLink is a one-time link that signs a member of the support staff in.
type StaffLink struct {
	TokenHash string // SHA-256 of the token in the link, hex
	Email     string
	Role      string // "viewer" or "operator"
	ExpiresAt time.Time
}

// AddStaffLink stores a new link.
func (s *Store) AddStaffLink(ctx context.Context, l StaffLink) error {
	return s.write(ctx, "add staff link", func(q tx) error {
		return q.InsertStaffLink(ctx, rows.InsertStaffLinkParams{
			TokenHash: l.TokenHash, Email: normal(l.Email), Role: l.Role, ExpiresAt: millis(l.ExpiresAt),
		})
	})
}

// StaffLink returns a link that can still be used, or [ErrNotFound]. It stays usable.
func (s *Store) StaffLink(ctx context.Context, tokenHash string, now time.Time) (l StaffLink, err error) {
	err = s.read(ctx, "get staff link", func(q tx) error {
		r, err := q.StaffLink(ctx, rows.StaffLinkParams{TokenHash: tokenHash, Now: millis(now)})
		l = staffLink(r)
		return err
	})
	return l, err
}

// TakeStaffLink uses a link up. Of several that ask at once one gets it and the others [ErrNotFound].
func (s *Store) TakeStaffLink(ctx context.Context, tokenHash string, now time.Time) (l StaffLink, err error) {
	err = s.write(ctx, "take staff link", func(q tx) error {
		r, err := q.TakeStaffLink(ctx, rows.TakeStaffLinkParams{TokenHash: tokenHash, Now: millis(now)})
		l = staffLink(r)
		return err
	})
	return l, err
}

func staffLink(r rows.StaffLink) StaffLink {
	return StaffLink{TokenHash: r.TokenHash, Email: r.Email, Role: r.Role, ExpiresAt: moment(r.ExpiresAt)}
}

// UseNonce marks a nonce as used until then, or returns [ErrStale] when it was used before.
func (s *Store) UseNonce(ctx context.Context, nonce string, until time.Time) error {
	return s.write(ctx, "use nonce", func(q tx) error {
		n, err := q.InsertNonce(ctx, rows.InsertNonceParams{Nonce: nonce, UntilAt: millis(until)})
		if err == nil && n == 0 {
			return ErrStale
		}
		return err
	})
}
