package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"golang.org/x/oauth2"

	"addtomojo/store/internal/rows"
)

// Tokens are one side's tokens of a connection. Version goes up whenever they change.
type Tokens struct {
	Token       *oauth2.Token
	Version     int64
	Refused     bool      // for good: only a new sign-in helps
	RefreshedAt time.Time // when a refresh gave them; zero for those of a sign-in
}

// Tokens returns one side's tokens. [ErrNotFound] when the connection isn't live.
func (s *Store) Tokens(ctx context.Context, connID string, side Side) (t Tokens, err error) {
	err = s.read(ctx, "get tokens", func(q tx) error {
		r, err := q.Tokens(ctx, rows.TokensParams{ConnectionID: connID, Side: string(side)})
		if err != nil {
			return err
		}
		t.Version, t.Refused, t.RefreshedAt = r.Version, r.RefusedAt > 0, moment(r.RefreshedAt)
		t.Token, err = s.openTokens(r)
		return err
	})
	return t, err
}

// LeaseRefresh takes the right to refresh the tokens of that version. True: owner refreshes them, until then at the latest, and
// calls SaveRefreshed or FreeRefresh. False: somebody else is at it, or the tokens are not of that version any more; read them again.
func (s *Store) LeaseRefresh(ctx context.Context, connID string, side Side, version int64, owner string, now, until time.Time) (bool, error) {
	var taken bool
	err := s.write(ctx, "lease refresh", func(q tx) error {
		n, err := q.LeaseRefresh(ctx, rows.LeaseRefreshParams{
			ConnectionID: connID,
			Side:         string(side),
			Version:      version,
			Owner:        owner,
			Now:          millis(now),
			Until:        millis(until),
		})
		taken = n > 0
		return err
	})
	return taken, err
}

// SaveRefreshed stores the tokens that came for those of that version, and frees the lease whoever holds it: a refresh that
// took longer than its lease still used up the old refresh token. [ErrStale] when the version moved on, by a new sign-in say.
// [ErrNotFound] when the connection isn't live. After both the new tokens are to be revoked, see Outlive.
func (s *Store) SaveRefreshed(ctx context.Context, connID string, side Side, version int64, t *oauth2.Token, now time.Time) error {
	return s.write(ctx, "save refreshed tokens", func(q tx) error {
		if _, err := q.LockLiveConnection(ctx, connID); err != nil {
			return err
		}
		sealed, err := s.vault.sealToken(tokensPlace(connID, side), t)
		if err != nil {
			return err
		}
		n, err := q.SaveRefreshed(ctx, rows.SaveRefreshedParams{
			ConnectionID: connID,
			Side:         string(side),
			Version:      version,
			Access:       sealed.access,
			Refresh:      sealed.refresh,
			TokenType:    sealed.kind,
			ExpiresAt:    sealed.expiresAt,
			Now:          millis(now),
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrStale
		}
		return settle(ctx, q, connID, now)
	})
}

// RefuseRefreshed is [Store.NeedSignIn] for tokens that were refreshed just now and must not be kept: the agent may no longer be
// connected, say. The fresh tokens are to be revoked in any case. [ErrStale] and [ErrNotFound] as there.
func (s *Store) RefuseRefreshed(ctx context.Context, connID string, side Side, cause string, tokenVersion int64, fresh *oauth2.Token, now time.Time) error {
	var refused error
	err := s.write(ctx, "refuse refreshed tokens", func(q tx) error {
		if err := s.revoke(ctx, q, connID, side, fresh, now); err != nil {
			return err
		}
		refused = s.refuseTokens(ctx, q, connID, side, cause, tokenVersion, now)
		if errors.Is(refused, ErrStale) || errors.Is(refused, sql.ErrNoRows) {
			return nil // the fresh ones are revoked all the same
		}
		return refused
	})
	if err == nil {
		err = named("refuse refreshed tokens", refused)
	}
	return err
}

// FreeRefresh gives back what LeaseRefresh took. It may be gone already.
func (s *Store) FreeRefresh(ctx context.Context, connID string, side Side, owner string) error {
	return s.write(ctx, "free refresh", func(q tx) error {
		return q.FreeRefresh(ctx, rows.FreeRefreshParams{ConnectionID: connID, Side: string(side), Owner: owner})
	})
}

// setTokens stores the tokens of a new sign-in. Those that they replace are revoked when the connection ends, and not before: a
// partner may end the whole grant with them, the new tokens included (RFC 7009, section 2.1).
func (s *Store) setTokens(ctx context.Context, q tx, connID string, side Side, t *oauth2.Token) error {
	old, err := q.Tokens(ctx, rows.TokensParams{ConnectionID: connID, Side: string(side)})
	if err == nil {
		var replaced *oauth2.Token
		if replaced, err = s.openTokens(old); err == nil && replaced.AccessToken != t.AccessToken {
			err = s.hold(ctx, q, connID, side, replaced)
		}
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	sealed, err := s.vault.sealToken(tokensPlace(connID, side), t)
	if err != nil {
		return err
	}
	return q.SetTokens(ctx, rows.SetTokensParams{
		ConnectionID: connID,
		Side:         string(side),
		Access:       sealed.access,
		Refresh:      sealed.refresh,
		TokenType:    sealed.kind,
		ExpiresAt:    sealed.expiresAt,
	})
}

func (s *Store) openTokens(r rows.Token) (*oauth2.Token, error) {
	p := tokensPlace(r.ConnectionID, Side(r.Side))
	return s.vault.openToken(p, sealedToken{r.Access, r.Refresh, r.TokenType, r.ExpiresAt})
}

func tokensPlace(connID string, side Side) place {
	return place{"tokens", connID + "/" + string(side)}
}
