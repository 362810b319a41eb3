package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// Session is what is known about a browser.
type Session struct {
	ID        string // SHA-256 of the id in the cookie, hex
	Data      []byte // the web's own; must hold no secret
	Email     string // the Wise Agent account that is signed in, or ""
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Session returns a session that has not expired, or [ErrNotFound].
func (s *Store) Session(ctx context.Context, id string, now time.Time) (v Session, err error) {
	err = s.read(ctx, "get session", func(q tx) error {
		r, err := q.Session(ctx, rows.SessionParams{ID: id, Now: millis(now)})
		if err == nil {
			v = session(r)
		}
		return err
	})
	return v, err
}

func session(r rows.Session) Session {
	return Session{
		ID:        r.ID,
		Data:      r.Data,
		Email:     r.Email,
		CreatedAt: moment(r.CreatedAt),
		SeenAt:    moment(r.SeenAt),
		ExpiresAt: moment(r.ExpiresAt),
	}
}

// CreateSession stores a session under a new ID.
func (s *Store) CreateSession(ctx context.Context, v Session) error {
	return s.write(ctx, "create session", func(q tx) error {
		return q.InsertSession(ctx, rows.InsertSessionParams{
			ID:        v.ID,
			Data:      append([]byte{}, v.Data...), // nil would be null
			Email:     normal(v.Email),
			CreatedAt: millis(v.CreatedAt),
			SeenAt:    millis(v.SeenAt),
			ExpiresAt: millis(v.ExpiresAt),
		})
	})
}

// SaveSession stores what became of a session; its CreatedAt stays. One that has been ended is [ErrNotFound] and stays ended.
func (s *Store) SaveSession(ctx context.Context, v Session) error {
	return s.write(ctx, "save session", func(q tx) error {
		n, err := q.UpdateSession(ctx, rows.UpdateSessionParams{
			ID:        v.ID,
			Data:      append([]byte{}, v.Data...), // nil would be null
			Email:     normal(v.Email),
			SeenAt:    millis(v.SeenAt),
			ExpiresAt: millis(v.ExpiresAt),
		})
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

// DeleteSession ends a session. It may be gone already.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.write(ctx, "delete session", func(q tx) error {
		return q.DeleteSession(ctx, id)
	})
}

// EndSessions ends all sessions in which the Wise Agent account is signed in, and tells how many there were.
func (s *Store) EndSessions(ctx context.Context, email string) (ended int, err error) {
	err = s.write(ctx, "end sessions", func(q tx) error {
		n, err := q.EndSessions(ctx, normal(email))
		ended = int(n)
		return err
	})
	return ended, err
}

// Sessions counts the sessions in which the Wise Agent account is signed in.
func (s *Store) Sessions(ctx context.Context, email string, now time.Time) (live int, err error) {
	err = s.read(ctx, "count sessions", func(q tx) error {
		n, err := q.CountSessions(ctx, rows.CountSessionsParams{Email: normal(email), Now: millis(now)})
		live = int(n)
		return err
	})
	return live, err
}
