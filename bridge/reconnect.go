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
// look it up later; make another one. [store.ErrNotFound] when the connection isn't live.
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
