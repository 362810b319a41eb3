package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store/internal/rows"
)

// revokeFor is how long a revocation is tried.
const revokeFor = 24 * time.Hour

// Revocation is a token that is to be revoked.
type Revocation struct {
	ID           string
	ConnectionID string // "" when the tokens never became a connection
	Side         Side
	Hint         string // "access_token" or "refresh_token", as in RFC 7009
	Token        string
	Attempts     int // failed ones
	NextAt       time.Time
	GiveUpAt     time.Time
}

// AddRevocations has both tokens of t revoked, tried for 24 hours from now on. The connection may be "".
func (s *Store) AddRevocations(ctx context.Context, side Side, connID string, t *oauth2.Token, now time.Time) error {
	return s.write(ctx, "add revocations", func(q tx) error {
		return s.revoke(ctx, q, connID, side, t, now)
	})
}

// held is when revocations are due that wait for the end of their connection.
const held = 1 << 62

// Outlive has tokens revoked that came for a connection and are not its tokens: when it ends, at once when it has ended.
func (s *Store) Outlive(ctx context.Context, side Side, connID string, t *oauth2.Token, now time.Time) error {
	return s.write(ctx, "outlive tokens", func(q tx) error {
		_, err := q.LockLiveConnection(ctx, connID)
		if errors.Is(err, sql.ErrNoRows) {
			return s.revoke(ctx, q, connID, side, t, now)
		}
		if err != nil {
			return err
		}
		return s.hold(ctx, q, connID, side, t)
	})
}

func (s *Store) revoke(ctx context.Context, q tx, connID string, side Side, t *oauth2.Token, now time.Time) error {
	return s.addRevocations(ctx, q, connID, side, t, millis(now), millis(now.Add(revokeFor)))
}

// hold has tokens revoked when their connection ends.
func (s *Store) hold(ctx context.Context, q tx, connID string, side Side, t *oauth2.Token) error {
	return s.addRevocations(ctx, q, connID, side, t, held, held)
}

func (s *Store) addRevocations(ctx context.Context, q tx, connID string, side Side, t *oauth2.Token, next, giveUp int64) error {
	add := func(hint, token string) error {
		if token == "" {
			return nil
		}
		id := NewID()
		sealed, err := s.vault.seal(place{"revocations", id}, "token", token)
		if err != nil {
			return err
		}
		return q.InsertRevocation(ctx, rows.InsertRevocationParams{
			ID:           id,
			ConnectionID: connID,
			Side:         string(side),
			Hint:         hint,
			Token:        sealed,
			NextAt:       next,
			GiveUpAt:     giveUp,
		})
	}
	if err := add("access_token", t.AccessToken); err != nil {
		return err
	}
	return add("refresh_token", t.RefreshToken)
}

// ClaimRevocations returns revocations that are due, the longest due first, and keeps everybody else from them until then.
func (s *Store) ClaimRevocations(ctx context.Context, now, until time.Time, limit int) (claimed []Revocation, err error) {
	err = s.write(ctx, "claim revocations", func(q tx) error {
		ids, err := q.DueRevocations(ctx, rows.DueRevocationsParams{Now: millis(now), Most: int64(limit)})
		if err != nil {
			return err
		}
		claimed = nil
		for _, id := range ids {
			r, err := q.ClaimRevocation(ctx, rows.ClaimRevocationParams{ID: id, Now: millis(now), Until: millis(until)})
			if errors.Is(err, sql.ErrNoRows) {
				continue // somebody else was faster
			}
			if err != nil {
				return err
			}
			v, err := s.revocation(r)
			if err != nil {
				return err
			}
			claimed = append(claimed, v)
		}
		return nil
	})
	return claimed, err
}

func (s *Store) revocation(r rows.Revocation) (Revocation, error) {
	token, err := s.vault.open(place{"revocations", r.ID}, "token", r.Token)
	return Revocation{
		ID:           r.ID,
		ConnectionID: r.ConnectionID,
		Side:         Side(r.Side),
		Hint:         r.Hint,
		Token:        token,
		Attempts:     int(r.Attempts),
		NextAt:       moment(r.NextAt),
		GiveUpAt:     moment(r.GiveUpAt),
	}, err
}

// FinishRevocation deletes a revocation: the token is dead.
func (s *Store) FinishRevocation(ctx context.Context, id string) error {
	return s.write(ctx, "finish revocation", func(q tx) error {
		return q.DeleteRevocation(ctx, id)
	})
}

// RetryRevocation counts a failed attempt and sets the next one. After GiveUpAt GiveUpRevocations deletes the row.
func (s *Store) RetryRevocation(ctx context.Context, id string, next time.Time) error {
	return s.write(ctx, "retry revocation", func(q tx) error {
		return q.RetryRevocation(ctx, rows.RetryRevocationParams{ID: id, NextAt: millis(next)})
	})
}

// Revocations counts a connection's tokens that are still to be revoked, without those that wait for its end.
func (s *Store) Revocations(ctx context.Context, connID string) (left int, err error) {
	err = s.read(ctx, "count revocations", func(q tx) error {
		n, err := q.CountRevocations(ctx, rows.CountRevocationsParams{ConnectionID: connID, Held: held})
		left = int(n)
		return err
	})
	return left, err
}

// GivenUp tells of tokens that could not be revoked in 24 hours. They may still live.
type GivenUp struct {
	ConnectionID string // "" when they never became a connection
	Side         Side
	Tokens       int
}

// GiveUpRevocations deletes the revocations that were tried for long enough, and counts them at their connections.
func (s *Store) GiveUpRevocations(ctx context.Context, now time.Time) (given []GivenUp, err error) {
	err = s.write(ctx, "give revocations up", func(q tx) error {
		deleted, err := q.DeleteRevocations(ctx, millis(now))
		if err != nil {
			return err
		}
		given = nil
		for _, r := range deleted {
			i := slices.IndexFunc(given, func(g GivenUp) bool { return g.ConnectionID == r.ConnectionID && g.Side == Side(r.Side) })
			if i < 0 {
				given = append(given, GivenUp{ConnectionID: r.ConnectionID, Side: Side(r.Side)})
				i = len(given) - 1
			}
			given[i].Tokens++
		}
		for _, g := range given {
			if err := q.CountTokensLeft(ctx, rows.CountTokensLeftParams{ID: g.ConnectionID, Tokens: int64(g.Tokens)}); err != nil {
				return err
			}
		}
		return nil
	})
	return given, err
}
