package bridge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"addtomojo/store"
)

// ReconnectPath is what the address of a reconnect link begins with; its token follows.
const ReconnectPath = "/reconnect/"

// reconnectLife is how long a reconnect link works.
const reconnectLife = 7 * 24 * time.Hour

// ReconnectLink makes an address that leads whoever opens it to the sign-in that the connection needs. It works for seven days,
// as often as it is opened, until somebody has signed in through it or the connection is reset. It opens no session and shows
// the account masked: to go on, one has to sign in with the connection's own accounts. Only a hash of it is kept, so nobody can
// look it up later; make another one. [store.ErrNotFound] when the connection isn't live, or is ending.
func (b *Bridge) ReconnectLink(ctx context.Context, conn store.Connection) (url string, err error) {
	token := rand.Text() // at least 128 random bits
	err = b.Store.AddReconnectLink(ctx, store.ReconnectLink{
		Hash: hash(token), ConnectionID: conn.ID, MadeAt: b.now(), ExpiresAt: b.now().Add(reconnectLife),
	})
	if err != nil {
		return "", fmt.Errorf("make reconnect link: %w", err)
	}
	return strings.TrimSuffix(b.BaseURL, "/") + ReconnectPath + token, nil
}

// OpenReconnectLink makes the launch of a reconnect link: one without contacts that belongs to the connection. The error is
// ErrLinkEnded when the token is unknown, expired, or not needed any more.
func (b *Bridge) OpenReconnectLink(ctx context.Context, token string) (store.Launch, error) {
	conn, err := b.Store.ConnectionOfReconnectLink(ctx, hash(token), b.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Launch{}, ErrLinkEnded
	case err != nil:
		return store.Launch{}, fmt.Errorf("open reconnect link: %w", err)
	}
	launch, err := b.Store.CreateLaunch(ctx, store.Launch{ConnectionID: conn.ID, CreatedAt: b.now()}, "", time.Time{})
	if err != nil {
		return launch, fmt.Errorf("store launch: %w", err)
	}
	return launch, nil
}

// Reconnecting is the connection of a reconnect link's launch. The error is ErrLinkEnded when it was reset or is
// ending.
func (b *Bridge) Reconnecting(ctx context.Context, launch store.Launch) (store.Connection, error) {
	conn, err := b.Store.Connection(ctx, launch.ConnectionID)
	switch {
	case err != nil:
		return conn, fmt.Errorf("read connection: %w", err)
	case conn.State == store.StateReset, conn.Ending():
		return conn, ErrLinkEnded
	}
	return conn, nil
}

// reconnectMojo keeps Mojo's side of a sign-in through a reconnect link, when it is the connection's own account.
func (b *Bridge) reconnectMojo(ctx context.Context, launch store.Launch, side store.MojoSide) (connID string, err error) {
	conn, err := b.Reconnecting(ctx, launch)
	switch {
	case err != nil:
		return "", err
	case conn.MojoAccountID != side.AccountID:
		return "", ErrLinkMojoAccount
	}
	return conn.ID, b.reconnected(ctx, conn, b.Store.RenewMojo(ctx, conn.ID, side, b.now()))
}

// reconnectWise keeps Wise Agent's side of a sign-in through a reconnect link, when it is the connection's own account.
func (b *Bridge) reconnectWise(ctx context.Context, launch store.Launch, wise store.WiseSide) (store.Connection, error) {
	conn, err := b.Reconnecting(ctx, launch)
	switch {
	case err != nil:
		return store.Connection{}, err
	case conn.Email != wise.Email:
		return store.Connection{}, &OtherPersonError{Launched: maskEmail(conn.Email), SignedIn: maskEmail(wise.Email), ByLink: true}
	}
	return conn, b.reconnected(ctx, conn, b.Store.RefreshSide(ctx, conn.ID, store.Wise, wise.Token, wise.Scopes, b.now()))
}

// reconnected goes on after a side's new tokens were stored, or were not. When nothing else is missing the connection's links have
// done what they were for.
func (b *Bridge) reconnected(ctx context.Context, conn store.Connection, stored error) error {
	if errors.Is(stored, store.ErrNotFound) {
		return ErrLinkEnded
	}
	if stored != nil {
		return stored
	}
	b.recent.drop(conn.ID)
	b.wakeMail(conn.ID)
	if err := b.endLinks(ctx, conn.ID); err != nil { // the tokens are kept all the same; a link that goes on leads to a calm page
		b.log().Error("end reconnect links", "connection", conn.ID, "err", err)
	}
	return nil
}

func (b *Bridge) endLinks(ctx context.Context, connID string) error {
	conn, err := b.Store.Connection(ctx, connID)
	if err != nil || conn.State == store.StateNeedsSignIn {
		return err
	}
	return b.Store.EndReconnectLinks(ctx, connID)
}
