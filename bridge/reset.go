package bridge

import (
	"context"
	"fmt"
	"time"

	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

// Reset ends a connection: its work stops, its sealed tokens leave it at once for revocation rows, and the
// Mojo account is free for another Wise Agent account. Groups and contacts stay in Mojo, notes in Wise
// Agent. Resetting twice is the same as once.
func (b *Bridge) Reset(ctx context.Context, connID string) error {
	ctx = context.WithoutCancel(ctx) // whoever pressed the button and left meant it
	stopping, cancel := context.WithTimeout(ctx, resetTime)
	defer cancel()
	b.stopWorker(stopping, connID)
	if err := b.Store.Reset(ctx, connID, b.now()); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	b.prefetches.drop(func(s *selection) bool { return s.connID == connID })
	b.sizes.forget(connID)
	b.log().Info("reset", "connection", connID)
	b.wakeRevoking()
	return nil
}

// resetTime is how long a batch that is at Mojo may take to come back before the connection is reset. If it does later,
// its results are still kept.
const resetTime = 10 * time.Second

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
	wait := max(revokeWaits[min(r.Attempts, len(revokeWaits)-1)], after)
	b.log().Warn("a token is not revoked yet", "side", r.Side, "connection", r.ConnectionID, "attempts", r.Attempts+1, "err", err)
	return b.Store.RetryRevocation(ctx, r.ID, b.now().Add(wait))
}
