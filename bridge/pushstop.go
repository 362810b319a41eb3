package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
)

// A customer may stop a push in any process. The row says so at once, and the line that sends the push finds it there: it looks
// when it is told of a change, now and then by itself, and always before contacts go out to be created.

// watchStop halts the line when the customer stops the push.
func (p *pusher) watchStop(ctx context.Context) {
	changed, end := p.b.watchers.add(p.push.ID)
	defer end()
	look := time.NewTicker(sweepEvery)
	defer look.Stop()
	for {
		if err := p.wanted(ctx); errors.Is(err, store.ErrStopAsked) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-look.C:
		}
	}
}

// wanted tells whether the push is still to be sent: the error is store.ErrStopAsked when its customer stopped it, and
// store.ErrStale when something else did.
func (p *pusher) wanted(ctx context.Context) error {
	push, err := p.b.Store.Push(ctx, p.push.ID)
	switch {
	case err != nil:
		return fmt.Errorf("read push: %w", err)
	case !push.StopAskedAt.IsZero():
		p.halt()
		return store.ErrStopAsked
	case ended(push.State):
		return store.ErrStale
	}
	return nil
}

// gatherUntilStop is gather, which comes to a good end when the customer stops the push: the line then finishes what is at Mojo.
func (p *pusher) gatherUntilStop(ctx context.Context, out chan<- []item) error {
	err := p.gather(p.going, out)
	if p.going.Err() != nil {
		return ctx.Err()
	}
	return err
}

// create is BulkCreate, unless the push isn't wanted any more. It is asked before each try: an account that is busy takes a while.
func (p *pusher) create(api *mojo.API, ctx context.Context, contacts []mojo.Contact) (mojo.BulkResult, error) {
	if err := p.wanted(ctx); err != nil {
		return mojo.BulkResult{}, err
	}
	return api.BulkCreate(ctx, contacts)
}

// stoppedShort tells how a halted line ends: stopped, unless every contact was through before that.
func (p *pusher) stoppedShort(ctx context.Context) error {
	left, err := p.unsent(ctx, -1, 1)
	if err != nil || len(left) > 0 {
		return errors.Join(err, store.ErrStopAsked)
	}
	return p.flagAll(ctx)
}
