package bridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
)

// A customer may stop a push in any process. The row says so at once, and the line that sends the push finds it there: it looks
// when it is told of a change, now and then by itself, and always before contacts go out to be created.

// watchStop halts the line when the customer stops the push. What was marked ahead loses its mark at once, while a batch is at Mojo
// still: should the process die before that comes back, its contacts alone are in doubt.
func (p *pusher) watchStop(ctx context.Context) {
	changed, end := p.b.watchers.add(p.push.ID)
	defer end()
	look := time.NewTicker(sweepEvery)
	defer look.Stop()
	for {
		if err := p.wanted(ctx); errors.Is(err, store.ErrStopAsked) {
			if err := p.takeOff(ctx, p.ahead.left()); err != nil && ctx.Err() == nil { // the end of the line tries again
				p.b.log().Error("unmark what is not sent any more", "push", p.push.ID, "err", err)
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-p.going.Done(): // seen by somebody else, or the line is at its end
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

// ahead are the positions that were marked and whose batch has not been taken up to be sent.
type ahead struct {
	mu     sync.Mutex
	marked map[int]bool
}

func (a *ahead) add(positions []int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.marked == nil {
		a.marked = make(map[int]bool)
	}
	for _, p := range positions {
		a.marked[p] = true
	}
}

// takeUp says that a batch is about to be sent. Once the line is halted it isn't, whoever comes to it, see create.
func (a *ahead) takeUp(going context.Context, batch []item) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if going.Err() != nil {
		return
	}
	for _, it := range batch {
		delete(a.marked, it.row.Position)
	}
}

// left are those of a halted line, which are never sent.
func (a *ahead) left() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Keys(a.marked))
}
