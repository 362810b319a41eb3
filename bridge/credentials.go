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
	// refreshPause is how long a token that a refresh gave is not refreshed again, however often it is refused.
	refreshPause = 5 * time.Minute
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
	b.pulses.felt(connID, store.WayWise, err, b.now())
	if slow, ok := errors.AsType[*wiseagent.BackOffError](err); ok && slow.After > 0 {
		k.hold(b.now(), slow.After)
	}
	return err
}

// errHeld says that a call was not made, since the partner asked us to wait.
var errHeld = errors.New("held back")

// withMojo is withWise for the connection's Mojo account.
func (b *Bridge) withMojo(ctx context.Context, conn store.Connection, call func(*mojo.API) error) error {
	if wait := b.patience.left(conn.ID, b.now()); wait > 0 {
		return fmt.Errorf("%w: %w", errHeld, &mojo.BackOffError{Op: "call", Status: http.StatusTooManyRequests, After: wait})
	}
	err := b.withToken(ctx, conn.ID, store.Mojo, func(access string) error {
		return call(b.Mojo.At(conn.MojoAccountURL, access))
	})
	b.pulses.felt(conn.ID, store.WayMojo, err, b.now())
	if slow, ok := errors.AsType[*mojo.BackOffError](err); ok && slow.After > 0 {
		b.patience.hold(conn.ID, b.now().Add(slow.After))
	}
	return err
}

func (b *Bridge) withToken(ctx context.Context, connID string, side store.Side, call func(access string) error) error {
	tokens, err := b.liveTokens(ctx, connID, side)
	if err != nil {
		return err
	}
	err = call(tokens.Token.AccessToken)
	if !refusedToken(err) {
		return err
	}
	b.recent.drop(connID)
	if b.now().Before(tokens.RefreshedAt.Add(refreshPause)) {
		return fmt.Errorf("%w: %w", errFreshRefused, err)
	}
	if tokens, err = b.refresh(ctx, connID, side, tokens.Version); err != nil {
		return err
	}
	if err = call(tokens.Token.AccessToken); refusedToken(err) {
		return fmt.Errorf("%w: %w", errFreshRefused, err)
	}
	return err
}

// errFreshRefused says that a partner refuses a token that it has only just given for a refresh. Another refresh would bring the
// like: it has to wait. The connection is not called dead, for the partner may be in trouble; the error is a refused token too.
var errFreshRefused = errors.New("a fresh token is refused")

// recentTokens gives the tokens as they were a moment ago at most.
func (b *Bridge) recentTokens(ctx context.Context, connID string, side store.Side) (store.Tokens, error) {
	w := way{connID, side}
	tokens, ok, drops := b.recent.get(w)
	if ok {
		return tokens, nil
	}
	at := time.Now()
	tokens, err := b.readTokens(ctx, connID, side)
	if err == nil {
		b.recent.put(w, tokens, at, drops)
	}
	return tokens, err
}

// liveTokens gives the tokens, as they were a moment ago at most, and refreshes them when their end is near. While they can't be
// refreshed, they are used to the end.
func (b *Bridge) liveTokens(ctx context.Context, connID string, side store.Side) (store.Tokens, error) {
	tokens, err := b.recentTokens(ctx, connID, side)
	if err != nil {
		return tokens, err
	}
	end := tokens.Token.Expiry
	if end.IsZero() || b.now().Add(refreshMargin).Before(end) {
		return tokens, nil
	}
	fresh, err := b.refresh(ctx, connID, side, tokens.Version)
	if _, again := transient(err); again && b.now().Before(end) {
		return tokens, nil
	}
	return fresh, err
}

// readTokens reads the tokens. ErrNeedsSignIn when there are none any more, or none that work: the partner is left alone until
// somebody signs in.
func (b *Bridge) readTokens(ctx context.Context, connID string, side store.Side) (store.Tokens, error) {
	tokens, err := b.Store.Tokens(ctx, connID, side)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return tokens, fmt.Errorf("%w: no tokens", ErrNeedsSignIn)
	case err != nil:
		return tokens, fmt.Errorf("read tokens: %w", err)
	case tokens.Refused:
		return tokens, ErrNeedsSignIn
	}
	return tokens, nil
}

// refresh replaces the tokens of the given version, once, however many ask here or in other processes. It
// goes on when its callers leave, and at the end of Run too: a rotated token that is not saved is a lost connection.
func (b *Bridge) refresh(ctx context.Context, connID string, side store.Side, version int64) (store.Tokens, error) {
	key := fmt.Sprintf("%s %s %d", connID, side, version)
	answer := b.refreshes.DoChan(key, func() (any, error) {
		if !b.background.begin() {
			return nil, errStopping
		}
		defer b.background.done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*refreshLease)
		defer cancel()
		return b.refreshOnce(ctx, connID, side, version)
	})
	select {
	case done := <-answer:
		if done.Err != nil {
			return store.Tokens{}, done.Err
		}
		return done.Val.(store.Tokens), nil
	case <-ctx.Done():
		return store.Tokens{}, ctx.Err()
	}
}

// refreshOnce waits for its turn, refreshes and saves; or takes what somebody else saved meanwhile.
func (b *Bridge) refreshOnce(ctx context.Context, connID string, side store.Side, version int64) (store.Tokens, error) {
	defer b.recent.drop(connID)
	owner := b.owner() + "/" + rand.Text()[:8]
	for {
		tokens, err := b.readTokens(ctx, connID, side)
		if err != nil || tokens.Version != version {
			return tokens, err
		}
		now := b.now()
		mine, err := b.Store.LeaseRefresh(ctx, connID, side, version, owner, now, now.Add(refreshLease))
		if err != nil {
			return tokens, fmt.Errorf("lease refresh: %w", err)
		}
		if mine {
			fresh, err := b.rotate(ctx, connID, side, owner, tokens)
			b.meter().Refreshed(side, err)
			return fresh, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-b.background.closing():
			return tokens, errStopping
		case <-ctx.Done():
			return tokens, fmt.Errorf("wait for a refresh elsewhere: %w", ctx.Err())
		}
	}
}

// rotate makes the one call, with the lease held. The new pair is saved before anybody uses it. A refused
// refresh token is believed only after the row was read again (in NeedSignIn, by its version).
func (b *Bridge) rotate(ctx context.Context, connID string, side store.Side, owner string, old store.Tokens) (store.Tokens, error) {
	fresh, permission, err := b.callRefresh(ctx, side, old.Token.RefreshToken)
	switch {
	case err == nil && permission != "" && b.refused(permission):
		return old, b.demoted(ctx, connID, old.Version, fresh)
	case err == nil:
		return b.keepRefreshed(ctx, connID, side, old.Version, b.usable(fresh))
	case errors.Is(err, mojo.ErrGrantDead), errors.Is(err, wiseagent.ErrGrantDead):
		err = b.Store.NeedSignIn(ctx, connID, side, deadGrant(side), old.Version, b.now())
		if errors.Is(err, store.ErrStale) {
			return b.readTokens(ctx, connID, side)
		}
		b.log().Warn("needs sign-in", "connection", connID, "side", side)
		return old, errors.Join(ErrNeedsSignIn, err)
	default:
		return old, errors.Join(refreshTrouble(side, err), b.Store.FreeRefresh(ctx, connID, side, owner))
	}
}

// refreshTrouble makes a partner's trouble of a refusal that says nothing of the grant, like one of our own credentials: what was
// to be done waits, and is not itself refused.
func refreshTrouble(side store.Side, err error) error {
	if _, again := transient(err); again {
		return err
	}
	partner := WiseAgent
	if side == store.Mojo {
		partner = MojoName
	}
	return down(partner, errors.New(err.Error())) // the caller must not take it for an answer to its own call
}

// usable lets a token that comes with its end already near, as it does when clocks differ, live until it is refused: else
// every call would refresh it first.
func (b *Bridge) usable(fresh *oauth2.Token) *oauth2.Token {
	if fresh.Expiry.Before(b.now().Add(2 * refreshMargin)) {
		fresh.Expiry = time.Time{}
	}
	return fresh
}

// keepRefreshed saves a new pair, for as long as ctx allows: the old refresh token is used up, so that not to save it
// is to lose the connection. Of tokens that a sign-in replaced meanwhile the new ones count, and these are revoked in the end.
func (b *Bridge) keepRefreshed(ctx context.Context, connID string, side store.Side, version int64, fresh *oauth2.Token) (store.Tokens, error) {
	for {
		err := b.Store.SaveRefreshed(ctx, connID, side, version, fresh, b.now())
		if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) { // nobody else knows these tokens
			err = b.Store.Outlive(ctx, side, connID, fresh, b.now())
			b.wakeRevoking()
		}
		if err == nil {
			return b.readTokens(ctx, connID, side)
		}
		b.log().Error("refreshed tokens are not saved yet", "connection", connID, "side", side, "err", err)
		if sleep(ctx, time.Second) != nil {
			return store.Tokens{}, fmt.Errorf("save refreshed tokens: %w", err)
		}
	}
}

// demoted ends Mojo's side of a connection whose agent may no longer be connected. For as long as ctx allows: the fresh tokens
// must not stay behind unknown.
func (b *Bridge) demoted(ctx context.Context, connID string, version int64, fresh *oauth2.Token) error {
	for {
		err := b.Store.RefuseRefreshed(ctx, connID, store.Mojo, demotedCause, version, fresh, b.now())
		switch {
		case err == nil, errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound):
			b.wakeRevoking()
			b.log().Warn("needs sign-in: the agent's permission was taken", "connection", connID, "side", store.Mojo)
			return ErrNeedsSignIn
		}
		b.log().Error("tokens of a refused agent are not given back yet", "connection", connID, "err", err)
		if sleep(ctx, time.Second) != nil {
			return fmt.Errorf("refuse refreshed tokens: %w", err)
		}
	}
}

const demotedCause = "The Mojo login is a dialing rep by now, and a dialing rep's login can't be connected. " +
	"Sign in with an owner or agent login."

// callRefresh gives the new tokens and, where the side tells it, what the agent may do by now.
func (b *Bridge) callRefresh(ctx context.Context, side store.Side, refreshToken string) (fresh *oauth2.Token, permission string, err error) {
	if side == store.Mojo {
		renewed, err := b.Mojo.Refresh(ctx, refreshToken)
		return renewed.Token, renewed.Permission, err
	}
	fresh, err = b.Wise.Refresh(ctx, refreshToken)
	return fresh, "", err
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
