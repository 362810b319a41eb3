package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"addtomojo/store"
)

// Who signs in as someone else is asked first. Until then the fresh tokens wait, sealed, in the launch's sign-in; they are revoked
// when the answer is no, or when none comes.

// Switched is what came of changing to another Mojo account.
type Switched struct {
	Old        store.Connection  // as it was
	Ended      store.Ended       // what became of its waiting events
	Connection *store.Connection // the new one; nil when Wise Agent must be asked first
}

// Switch ends a connection like Reset and connects its Wise Agent account with the other Mojo account that the launch's sign-in
// holds. That starts afresh: no links, groups or work go over. Pressed twice it is the same as once.
//
// A *TakenError says that the other Mojo account is connected with another Wise Agent account; its tokens are revoked then.
func (b *Bridge) Switch(ctx context.Context, conn store.Connection, launchID string) (Switched, error) {
	ctx = context.WithoutCancel(ctx)
	done := Switched{Old: conn, Connection: &conn}
	in, err := b.SignIn(ctx, launchID)
	if err != nil || in.Mojo == nil || in.Mojo.AccountID == conn.MojoAccountID {
		return done, err // decided before
	}
	if err := b.unlessTaken(ctx, in.Mojo.AccountID, conn.Email); err != nil {
		return done, b.dropping(ctx, launchID, err)
	}
	if err := b.beginReset(ctx, conn.ID); err != nil {
		return done, err
	}
	if err := b.lastDeliveries(ctx, conn.ID); err != nil {
		return done, err
	}
	if done.Connection, err = b.succeed(ctx, conn, launchID); err != nil {
		return done, err
	}
	if done.Ended, err = b.Store.Ended(ctx, conn.ID); err != nil {
		return done, fmt.Errorf("count what was delivered: %w", err)
	}
	return done, nil
}

// succeed makes the new connection in the step that ends the old one. Where that can't be, the old one ends alone, as the customer
// wanted it to, and the answer is nil: the sign-in then goes on as that of an account that is not connected.
func (b *Bridge) succeed(ctx context.Context, old store.Connection, launchID string) (*store.Connection, error) {
	for limit := time.Now().Add(refreshLease); ; {
		conn, err := b.Store.Switch(ctx, old.ID, launchID, b.now())
		var taken *store.TakenError
		switch {
		case err == nil:
			b.forgetConnection(old.ID)
			b.log().Info("switched", "connection", conn.ID, "from", old.ID)
			b.wake(conn.ID)
			b.Prefetch(ctx, conn, launchID)
			return &conn, nil
		case errors.Is(err, store.ErrStale) && time.Now().Before(limit): // its Wise Agent tokens are being refreshed
			if err := sleep(ctx, endLook); err != nil {
				return nil, err
			}
			continue
		case errors.As(err, &taken):
			return nil, errors.Join(b.refuseJoin(ctx, launchID, err), b.finishReset(ctx, old.ID))
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrRefused), errors.Is(err, store.ErrStale):
			return nil, b.finishReset(ctx, old.ID)
		}
		return nil, fmt.Errorf("switch Mojo account: %w", err)
	}
}

// GoOn says that the customer means to be the one who signed in at Wise Agent last, and gives how far that one's sign-in is.
func (b *Bridge) GoOn(ctx context.Context, launchID string) (Joined, error) {
	ctx = context.WithoutCancel(ctx)
	in, err := b.SignIn(ctx, launchID)
	if err != nil || in.Wise == nil {
		return Joined{LaunchID: launchID}, err
	}
	if err := b.Store.ConfirmWiseSide(ctx, launchID); err != nil {
		return Joined{LaunchID: launchID}, fmt.Errorf("confirm sign-in: %w", err)
	}
	in.Wise.Unconfirmed = false
	conn, err := b.renewable(ctx, launchID, *in.Wise)
	if err == nil {
		err = b.Store.TakeWiseSide(ctx, launchID, conn.ID, b.now())
	}
	switch {
	case err == nil:
		return b.renewed(ctx, launchID, conn)
	case errors.Is(err, store.ErrNotFound):
		return b.join(ctx, launchID)
	}
	return Joined{LaunchID: launchID, Email: in.Wise.Email}, fmt.Errorf("take sign-in: %w", err)
}

// Keep says that all is to stay as it was: what the launch's sign-in holds is forgotten, and revoked.
func (b *Bridge) Keep(ctx context.Context, launchID string) error {
	return b.dropping(context.WithoutCancel(ctx), launchID, nil)
}

// Masked is an e-mail as others may see it: j***@example.com.
func Masked(email string) string { return maskEmail(email) }
