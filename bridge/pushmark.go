package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"addtomojo/store"
)

// mark writes down, before a batch goes out, that it is about to: what a crash leaves is then known to be in
// doubt. A batch that was in doubt already keeps its mark.
func (p *pusher) mark(ctx context.Context, in <-chan []item, out chan<- []item) error {
	for batch := range in {
		if p.going.Err() != nil {
			return ctx.Err()
		}
		var positions []int
		for _, it := range batch {
			if !it.over && it.row.State == store.ContactWaiting {
				positions = append(positions, it.row.Position)
			}
		}
		if len(positions) > 0 {
			p.marked = append(p.marked, positions...) // before: a commit may come through whose answer doesn't
			p.ahead.add(positions)
			marks := store.PushMarks{Doubt: store.ContactCreating, Positions: positions}
			switch err := p.b.Store.MarkPush(ctx, p.push.ID, marks); {
			case errors.Is(err, store.ErrStopAsked):
				p.halt()
				return nil // what is at Mojo comes to its end
			case err != nil:
				return fmt.Errorf("mark batch: %w", err)
			}
		}
		if !send(ctx, out, batch) {
			return ctx.Err()
		}
		p.first.standAside()
	}
	return nil
}

// unmark takes the marks off again of contacts that were never sent, or that Mojo clearly refused, when the line comes to a stop:
// they are in no doubt, and nobody should be told that they are. Of a push that a reset has stopped it says so afterwards.
func (p *pusher) unmark(ctx context.Context) error {
	return p.takeOff(ctx, slices.DeleteFunc(p.marked, func(position int) bool { return p.away[position] }))
}

func (p *pusher) takeOff(ctx context.Context, positions []int) error {
	if len(positions) == 0 {
		return nil
	}
	err := p.b.Store.MarkPush(ctx, p.push.ID, store.PushMarks{Doubt: store.ContactWaiting, Positions: positions})
	p.b.watchers.tell(p.push.ID)
	if err != nil && !errors.Is(err, store.ErrStale) {
		return fmt.Errorf("unmark batch: %w", err)
	}
	return nil
}

// keep writes the results of each batch, in one transaction each.
func (p *pusher) keep(ctx context.Context, in <-chan store.PushMarks) error {
	ctx = context.WithoutCancel(ctx) // the batch is at Mojo already: its results count even when the push is being stopped
	troubled := p.push.Cause != "" || p.push.Attempts > 0
	var stopped error // by a reset: results that are still to come are as true
	for marks := range in {
		p.first.standAside()
		var cleared error
		if troubled && len(marks.Links) > 0 { // contacts came through: whoever was in trouble answers again
			cleared = p.b.setPush(ctx, p.push, store.PushSending, "", 0, p.b.now())
			troubled = false
		}
		err := p.b.markResults(ctx, p.push, marks)
		if errors.Is(err, store.ErrStale) {
			stopped, err = err, nil
		}
		if err := errors.Join(err, cleared); err != nil {
			return fmt.Errorf("keep results: %w", err)
		}
		p.b.watchers.tell(p.push.ID)
	}
	return stopped
}

// markResults writes what became of contacts.
func (b *Bridge) markResults(ctx context.Context, push store.Push, marks store.PushMarks) error {
	err := b.Store.MarkPush(ctx, push.ID, marks)
	if err == nil || errors.Is(err, store.ErrStale) { // the push was stopped, the results are stored
		for _, c := range marks.Results {
			b.meter().Contact(c.State)
		}
	}
	return err
}
