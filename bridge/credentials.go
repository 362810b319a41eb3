package bridge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/oauth2"
)

const (
	// refreshMargin is how long before its end an access token is replaced.
	refreshMargin = time.Minute
	// refreshLease is how long one process may take for a refresh before another one tries.
	refreshLease = 45 * time.Second
)

// withWise calls Wise Agent with a live token of the connection. A refused token is refreshed once and the
// call made again. ErrNeedsSignIn means that only the customer can help.
//
// When Wise Agent asked for patience, no call of the connection is made before the time is over: the error is errHeld.
func (b *Bridge) withWise(ctx context.Context, connID string, call func(*wiseagent.API) error) error {
	k := b.breakers.of(connID)
	if wait := k.held(b.now()); wait > 0 {
		return fmt.Errorf("%w: %w", errHeld, &wiseagent.BackOffError{Op: "call", Status: http.StatusTooManyRequests, After: wait})
	}
	err := b.withToken(ctx, connID, store.Wise, func(access string) error {
		return call(b.Wise.With(access))
	})
	if slow, ok := errors.AsType[*wiseagent.BackOffError](err); ok && slow.After > 0 {
		k.hold(b.now(), slow.After)
	}
	return err
}

// errHeld says that a call was not made, since Wise Agent asked us to wait.
var errHeld = errors.New("held back")

// withMojo is withWise for the connection's Mojo account.
func (b *Bridge) withMojo(ctx context.Context, conn store.Connection, call func(*mojo.API) error) error {
	return b.withToken(ctx, conn.ID, store.Mojo, func(access string) error {
		return call(b.Mojo.At(conn.MojoAccountURL, access))
	})
}

func (b *Bridge) withToken(ctx context.Context, connID string, side store.Side, call func(access string) error) error {
	tokens, err := b.liveTokens(ctx, connID, side)
	if err != nil {
		return err
	}
	err = call(tokens.Token.AccessToken)
	if !errors.Is(err, mojo.ErrToken) && !errors.Is(err, wiseagent.ErrToken) {
		return err
	}
	if tokens, err = b.refresh(ctx, connID, side, tokens.Version); err != nil {
		return err
	}
	return call(tokens.Token.AccessToken)
}

// liveTokens reads the tokens and refreshes them when their end is near.
func (b *Bridge) liveTokens(ctx context.Context, connID string, side store.Side) (store.Tokens, error) {
	tokens, err := b.Store.Tokens(ctx, connID, side)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return tokens, fmt.Errorf("%w: no tokens", ErrNeedsSignIn)
	case err != nil:
		return tokens, fmt.Errorf("read tokens: %w", err)
	}
	if end := tokens.Token.Expiry; end.IsZero() || b.now().Add(refreshMargin).Before(end) {
		return tokens, nil
	}
	return b.refresh(ctx, connID, side, tokens.Version)
}

// refresh replaces the tokens of the given version, once, however many ask here or in other processes. It
// goes on when its caller leaves: a rotated token that is not saved is a lost connection.
func (b *Bridge) refresh(ctx context.Context, connID string, side store.Side, version int64) (store.Tokens, error) {
	key := fmt.Sprintf("%s %s %d", connID, side, version)
	done, err, _ := b.refreshes.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*refreshLease)
		defer cancel()
		return b.refreshOnce(ctx, connID, side, version)
	})
	if err != nil {
		return store.Tokens{}, err
	}
	return done.(store.Tokens), nil
}

// refreshOnce waits for its turn, refreshes and saves; or takes what somebody else saved meanwhile.
func (b *Bridge) refreshOnce(ctx context.Context, connID string, side store.Side, version int64) (store.Tokens, error) {
	conn, err := b.Store.Connection(ctx, connID)
	if err != nil {
		return store.Tokens{}, fmt.Errorf("read connection: %w", err)
	}
	if conn.State == store.StateNeedsSignIn && conn.Side == side {
		return store.Tokens{}, ErrNeedsSignIn
	}
	owner := b.owner() + "/" + rand.Text()[:8]
	for {
		tokens, err := b.Store.Tokens(ctx, connID, side)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return tokens, fmt.Errorf("%w: no tokens", ErrNeedsSignIn)
		case err != nil:
			return tokens, fmt.Errorf("read tokens: %w", err)
		case tokens.Version != version:
			return tokens, nil
		}
		now := b.now()
		mine, err := b.Store.LeaseRefresh(ctx, connID, side, version, owner, now, now.Add(refreshLease))
		if err != nil {
			return tokens, fmt.Errorf("lease refresh: %w", err)
		}
		if mine {
			return b.rotate(ctx, connID, side, owner, tokens)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return tokens, fmt.Errorf("wait for a refresh elsewhere: %w", err)
		}
	}
}

// rotate makes the one call, with the lease held. The new pair is saved before anybody uses it. A refused
// refresh token is believed only after the row was read again (in NeedSignIn, by its version).
func (b *Bridge) rotate(ctx context.Context, connID string, side store.Side, owner string, old store.Tokens) (store.Tokens, error) {
	fresh, err := b.callRefresh(ctx, side, old.Token.RefreshToken)
	switch {
	case err == nil:
		if fresh.RefreshToken == "" {
			fresh.RefreshToken = old.Token.RefreshToken
		}
		err = b.Store.SaveRefreshed(ctx, connID, side, old.Version, fresh, b.now())
		switch {
		case errors.Is(err, store.ErrNotFound): // reset meanwhile: nobody else knows these tokens
			return old, b.forget(ctx, side, fresh, ErrNeedsSignIn)
		case err != nil && !errors.Is(err, store.ErrStale):
			return old, fmt.Errorf("save refreshed tokens: %w", err)
		}
		return b.Store.Tokens(ctx, connID, side)
	case errors.Is(err, mojo.ErrGrantDead), errors.Is(err, wiseagent.ErrGrantDead):
		err = b.Store.NeedSignIn(ctx, connID, side, deadGrant(side), old.Version, b.now())
		if errors.Is(err, store.ErrStale) {
			return b.Store.Tokens(ctx, connID, side)
		}
		b.log().Warn("needs sign-in", "connection", connID, "side", side)
		return old, errors.Join(ErrNeedsSignIn, err)
	default:
		return old, errors.Join(err, b.Store.FreeRefresh(ctx, connID, side, owner))
	}
}

func (b *Bridge) callRefresh(ctx context.Context, side store.Side, refreshToken string) (*oauth2.Token, error) {
	if side == store.Mojo {
		return b.Mojo.Refresh(ctx, refreshToken)
	}
	return b.Wise.Refresh(ctx, refreshToken)
}

// deadGrant says in plain words why a side needs a new sign-in.
func deadGrant(side store.Side) string {
	if side == store.Mojo {
		return "Mojo ended our access. This happens after a password change or when the integration is removed in Mojo."
	}
	return "Wise Agent ended our access. This happens after a password change or when access is removed in Wise Agent."
}

// owner names this process in leases.
func (b *Bridge) owner() string {
	b.ownerOnce.Do(func() {
		host, _ := os.Hostname() // only a help for whoever reads the row
		b.ownerName = fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
	})
	return b.ownerName
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
