package bridge

import (
	"context"
	"fmt"
	"sync"

	"addtomojo/store"

	"golang.org/x/sync/errgroup"
)

// gather makes batches of contacts with their notes, in the order of the selection.
func (p *pusher) gather(ctx context.Context, out chan<- []item) error {
	ready := make(chan (<-chan made), 2*p.b.batchSize()) // contacts ahead of the batch that is being made
	fetch, ctx := errgroup.WithContext(ctx)
	fetch.Go(func() error { defer close(ready); return p.makeItems(ctx, ready) })
	fetch.Go(func() error {
		var batch []item
		for slot := range ready {
			one := <-slot
			if one.err != nil {
				return one.err
			}
			if batch = append(batch, one.item); len(batch) >= p.size.get() {
				if !send(ctx, out, batch) {
					return nil
				}
				batch = nil
			}
		}
		if len(batch) > 0 {
			send(ctx, out, batch)
		}
		return nil
	})
	return fetch.Wait()
}

// made is an item, or why it couldn't be made.
type made struct {
	item
	err error
}

// makeItems makes items side by side, in order. The push is read page by page, so that the first batch needn't wait for
// the last contact's row.
func (p *pusher) makeItems(ctx context.Context, out chan<- <-chan made) error {
	var side sync.WaitGroup
	defer side.Wait()
	room := make(chan struct{}, 4*callsAtOnce)
	for after := -1; ; {
		rows, err := p.unsent(ctx, after, rowsAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		links, err := p.b.Store.Links(ctx, p.conn.ID, clientIDs(rows))
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		for _, row := range rows {
			slot := make(chan made, 1)
			if !send(ctx, room, struct{}{}) || !send(ctx, out, (<-chan made)(slot)) {
				return nil
			}
			side.Go(func() {
				defer func() { <-room }()
				link, known := links[row.ClientID]
				it, err := p.item(ctx, row, link, known)
				slot <- made{it, err}
			})
		}
		after = rows[len(rows)-1].Position
	}
}

// send puts v on a channel unless ctx ends first.
func send[T any](ctx context.Context, out chan<- T, v T) bool {
	select {
	case out <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

// item fetches one contact and its new notes and makes it Mojo's.
func (p *pusher) item(ctx context.Context, row store.PushContact, link store.Link, known bool) (item, error) {
	f, err := p.from.contact(ctx, row.ClientID)
	if err == nil && f.unread { // a while ago, perhaps
		f, err = p.b.readContact(ctx, p.from, row.ClientID)
	}
	if err != nil {
		return item{}, err
	}
	if !f.unread {
		row.Name = personName(f, row.ClientID)
	}
	if over, ok := p.leftOut(row, f, link); ok {
		return over, nil
	}
	notes, err := p.b.notes(ctx, p.from, row.ClientID)
	switch {
	case err != nil && p.b.onlyThis(ctx, p.from, askNotes, err):
		return leftOut(row, store.ContactFailed, failNotes), nil
	case err != nil:
		return item{}, err
	}
	p.from.dropNotes(row.ClientID)
	fresh, highest := newNotes(notes, link.NotesSent)
	out := outgoing(f.contact, f.phones, fresh, p.push.GroupID, known)
	it := item{row: row, contact: out, known: known, linked: link, notesSent: highest, seen: snapshotOf(f.contact), readAt: p.from.started}
	it.seen.SeenAt = it.readAt
	return it, nil
}

// leftOut is the contact as one that is not sent, if it must not be.
func (p *pusher) leftOut(row store.PushContact, f fetched, link store.Link) (over item, ok bool) {
	if f.unread {
		return leftOut(row, store.ContactFailed, failUnread), true
	}
	why := p.b.refusal(f, link, p.push.IncludeDoNotCall)
	return leftOut(row, store.ContactSkipped, why), why != ""
}

// Why a contact fails that Wise Agent doesn't give, though it gives others.
const (
	failUnread = "Wise Agent doesn't give us this contact."
	failNotes  = "Wise Agent doesn't give us this contact's notes."
)

// leftOut is a contact that is not sent.
func leftOut(row store.PushContact, state store.ContactState, why string) item {
	row.State, row.Reason = state, why
	return item{row: row, over: true}
}
