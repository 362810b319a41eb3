package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"addtomojo/mojo"
	"addtomojo/store"
)

// undo takes out of the group what the push put in. Taking somebody out twice does no harm, so a lost
// answer is simply repeated.
func (b *Bridge) undo(ctx context.Context, conn store.Connection, push store.Push) error {
	rows, err := b.Store.PushContacts(ctx, push.ID, []store.ContactState{store.ContactAdded, store.ContactUpdated}, -1, MaxSelected)
	if err != nil {
		return fmt.Errorf("read push: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(r store.PushContact) bool { return !r.PutIn })
	for part := range slices.Chunk(rows, b.batchSize()) {
		ids := make([]string, len(part))
		for i := range part {
			ids[i] = part[i].APIContactID
			part[i].State = store.ContactRemoved
		}
		err := b.withMojo(ctx, conn, func(api *mojo.API) error {
			return api.RemoveFromGroup(ctx, push.GroupID, ids)
		})
		if err := b.undoRefused(ctx, conn, push, err); err != nil {
			return err
		}
		if err := b.Store.MarkPush(ctx, push.ID, store.PushMarks{Results: part}); err != nil {
			return fmt.Errorf("keep what was undone: %w", err)
		}
		b.watchers.tell(push.ID)
	}
	return nil
}

// undoRefused lets a refusal pass when the group is gone: then nobody is in it any more.
func (b *Bridge) undoRefused(ctx context.Context, conn store.Connection, push store.Push, err error) error {
	var refused *mojo.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	p := &pusher{b: b, conn: conn, push: push}
	var gone *stopError
	if there := p.groupThere(ctx); errors.As(there, &gone) {
		return nil
	} else if there != nil {
		return there
	}
	return &stopError{cause: "Mojo refused to take the contacts out of the group: " + refused.Text}
}
