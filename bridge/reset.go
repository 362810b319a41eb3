package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

// Reset ends a connection. Its pushes stop at once; what waits to be delivered gets ResetGrace to be, by whoever works for the
// connection. Then its sealed tokens leave it for revocation rows, what still waits is excluded, and the Mojo account is free for
// another Wise Agent account. Groups and contacts stay in Mojo, notes in Wise Agent. Resetting twice is the same as once, and tells
// the same.
//
// What was asked for is on disk at once: if this process dies, another one brings it to its end.
func (b *Bridge) Reset(ctx context.Context, connID string) (store.Ended, error) {
	ctx = context.WithoutCancel(ctx) // whoever pressed the button and left meant it
	if err := b.beginReset(ctx, connID); err != nil {
		return store.Ended{}, err
	}
	if b.lastDeliveries(ctx, connID) == errStopping {
		return store.Ended{}, errStopping // whoever starts next goes on
	}
	if err := b.finishReset(ctx, connID); err != nil {
		return store.Ended{}, err
	}
	ended, err := b.Store.Ended(ctx, connID)
	if err != nil {
		return ended, fmt.Errorf("count what was delivered: %w", err)
	}
	return ended, nil
}

// resetGrace is how long what waits may still be delivered when a connection ends.
const resetGrace = 10 * time.Second

func (b *Bridge) resetGrace() time.Duration {
	if b.ResetGrace > 0 {
		return b.ResetGrace
	}
	return resetGrace
}

// beginReset stores what was asked for, stops the pushes here and sets the last deliveries off.
func (b *Bridge) beginReset(ctx context.Context, connID string) error {
	conn, err := b.Store.AskReset(ctx, connID, b.now(), b.now().Add(b.resetGrace()))
	if err != nil {
		return fmt.Errorf("ask for reset: %w", err)
	}
	b.stopPushing(connID)
	b.prefetches.drop(func(s *selection) bool { return s.connID == connID })
	if conn.State != store.StateReset {
		b.breakers.of(connID).hurry()
		b.wakeMail(connID)
	}
	return nil
}

// endLook is how often it is looked whether something still waits.
const endLook = 50 * time.Millisecond

// lastDeliveries waits until nothing waits any more or nothing can help it, at most for the grace. errStopping when the service
// comes to its end before that.
func (b *Bridge) lastDeliveries(ctx context.Context, connID string) error {
	ctx, cancel := context.WithTimeout(ctx, b.resetGrace())
	defer cancel()
	for {
		waits, err := b.canStillDeliver(ctx, connID)
		if err != nil && ctx.Err() == nil {
			b.log().Error("look for last deliveries", "connection", connID, "err", err) // the grace has its end anyway
		}
		if err == nil && !waits {
			return nil
		}
		select {
		case <-time.After(endLook):
		case <-b.background.closing():
			return errStopping
		case <-ctx.Done():
			return nil
		}
	}
}

// canStillDeliver tells whether waiting makes sense for an ending connection.
func (b *Bridge) canStillDeliver(ctx context.Context, connID string) (bool, error) {
	tokens, err := b.Store.Tokens(ctx, connID, store.Wise)
	switch {
	case errors.Is(err, store.ErrNotFound): // reset elsewhere
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read tokens: %w", err)
	case tokens.Refused:
		return false, nil
	}
	return b.Store.SomethingWaits(ctx, connID)
}

// finishReset is the end of a connection, at once. A delivery that is at Wise Agent just now may still tell how it went.
func (b *Bridge) finishReset(ctx context.Context, connID string) error {
	if err := b.Store.Reset(ctx, connID, b.now()); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	b.forgetConnection(connID)
	b.log().Info("reset", "connection", connID)
	return nil
}

// forgetConnection drops what this process remembers of a connection that has ended.
func (b *Bridge) forgetConnection(connID string) {
	b.recent.drop(connID)
	b.sizes.forget(connID)
	b.wakeRevoking()
}

// endSlack is how long after its time a reset is left to whoever asked for it.
const endSlack = 2 * time.Second

// endDue brings resets to their end that nobody waits for any more, and acts on what Mojo told of ends.
func (b *Bridge) endDue(ctx context.Context) error {
	ending, err := b.Store.EndingConnections(ctx, workersAtOnce)
	if err != nil {
		return fmt.Errorf("look for resets: %w", err)
	}
	for _, conn := range ending {
		b.stopPushing(conn.ID) // it may have been asked for in another process
		if b.now().Before(conn.ResetUntil.Add(endSlack)) {
			continue
		}
		if err := b.finishReset(ctx, conn.ID); err != nil {
			return err
		}
	}
	told, err := b.Store.Disconnects(ctx, workersAtOnce)
	if err != nil {
		return fmt.Errorf("look for disconnects: %w", err)
	}
	for _, e := range told {
		b.disconnected(ctx, e)
	}
	return nil
}

// disconnected resets, in the background, the connection that the customer ended in Mojo, also when it needs a sign-in. If this
// process dies meanwhile, the event waits on disk for the next one.
func (b *Bridge) disconnected(ctx context.Context, e store.Event) {
	if !b.background.begin() {
		return
	}
	go func() {
		defer b.background.done()
		if err := b.endedInMojo(context.WithoutCancel(ctx), e); err != nil && !errors.Is(err, errStopping) {
			b.log().Error("reset after Mojo's disconnect", "connection", e.ConnectionID, "err", err)
		}
	}()
}

// endedInMojo settles an account.disconnected. An end that a person has signed in after ends nothing: it comes late, and whoever gave
// Mojo's password since wants the connection. The event is settled as soon as the reset is asked for: from then on that is what
// waits on disk.
func (b *Bridge) endedInMojo(ctx context.Context, e store.Event) error {
	conn, err := b.Store.Connection(ctx, e.ConnectionID)
	if err != nil {
		return fmt.Errorf("read connection: %w", err)
	}
	settled := store.Outcome{EventID: e.ID, At: b.now(), State: store.EventExcluded, Reason: endedByMojo}
	before := true
	switch {
	case beforeConnection(conn, e.OccurredAt):
		settled.Reason = longAgo
	case beforeSignIn(conn, e.OccurredAt):
		settled.Reason = signedInSince
	default:
		before = false
		if err := b.beginReset(ctx, conn.ID); err != nil {
			return err
		}
	}
	switch err := b.Store.FinishEvent(ctx, settled); {
	case err == nil:
		b.meter().Event(e.Type, settled.State, settled.At.Sub(e.ReceivedAt))
	case !errors.Is(err, store.ErrStale):
		return fmt.Errorf("settle disconnect: %w", err)
	}
	if before {
		return nil
	}
	_, err = b.Reset(ctx, conn.ID)
	return err
}

// revokeWaits are the waits after each failed try to revoke a token; the last one is repeated until the row
// is given up, 24 hours after it was written.
var revokeWaits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

const (
	// revokeClaim is how long one try may take before another process tries.
	revokeClaim = 2 * time.Minute
	// revokedAtOnce is how many tokens are revoked side by side.
	revokedAtOnce = 16
)

func (b *Bridge) wakeRevoking() {
	b.workers.init()
	select {
	case b.workers.revoking <- struct{}{}:
	default:
	}
}

// revokeLoop revokes what is due whenever it is woken, and looks by itself now and then.
func (b *Bridge) revokeLoop(ctx context.Context) {
	look := time.NewTicker(sweepEvery)
	defer look.Stop()
	for {
		if err := b.revokeDue(ctx); err != nil && ctx.Err() == nil {
			b.log().Error("revoke tokens", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-b.workers.revoking:
		case <-look.C:
		}
	}
}

func (b *Bridge) revokeDue(ctx context.Context) error {
	due, err := b.Store.ClaimRevocations(ctx, b.now(), b.now().Add(revokeClaim), revokedAtOnce)
	if err != nil {
		return fmt.Errorf("claim revocations: %w", err)
	}
	var calls errgroup.Group
	for _, r := range due {
		calls.Go(func() error { return b.revoke(ctx, r) })
	}
	return calls.Wait()
}

// revoke tells the partner that a token is over. Whatever it answers but "done" means that the token may
// still live, so it is tried again.
func (b *Bridge) revoke(ctx context.Context, r store.Revocation) error {
	var err error
	if r.Side == store.Mojo {
		err = b.Mojo.Revoke(ctx, r.Token, r.Hint)
	} else {
		err = b.Wise.Revoke(ctx, r.Token, r.Hint)
	}
	if err == nil {
		return b.Store.FinishRevocation(ctx, r.ID)
	}
	after, _ := transient(err)
	next := b.now().Add(max(revokeWaits[min(r.Attempts, len(revokeWaits)-1)], after))
	b.log().Warn("a token is not revoked yet", "side", r.Side, "connection", r.ConnectionID, "attempts", r.Attempts+1, "err", err)
	return b.Store.RetryRevocation(ctx, r.ID, next)
}

// giveUpRevoking ends the tries of tokens that could not be revoked in 24 hours. They may still live: somebody should know.
func (b *Bridge) giveUpRevoking(ctx context.Context) error {
	given, err := b.Store.GiveUpRevocations(ctx, b.now())
	if err != nil {
		return fmt.Errorf("give revocations up: %w", err)
	}
	for _, g := range given {
		b.log().Error("tokens could not be revoked for 24 hours and may still live", "side", g.Side, "connection", g.ConnectionID, "tokens", g.Tokens)
	}
	return nil
}
