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
	size := b.sizes.of(conn.ID, b.batchSize())
	for len(rows) > 0 {
		part := rows[:min(size.get(), len(rows))]
		err := b.takeOut(ctx, conn, push, part)
		if errors.Is(err, mojo.ErrTooLarge) && len(part) > 1 {
			size.halve()
			continue
		}
		if err != nil {
			return err
		}
		rows = rows[len(part):]
	}
	return nil
}

// takeOut takes some of a push's contacts out of its group and writes that down.
func (b *Bridge) takeOut(ctx context.Context, conn store.Connection, push store.Push, part []store.PushContact) error {
	ids, out := make([]string, len(part)), slices.Clone(part)
	for i := range out {
		ids[i] = out[i].APIContactID
		out[i].State, out[i].Reason = store.ContactRemoved, "" // what was to say of it in the group
	}
	err := b.withMojo(ctx, conn, func(api *mojo.API) error {
		return api.RemoveFromGroup(ctx, push.GroupID, ids)
	})
	if err := b.undoRefused(ctx, conn, push, err); err != nil {
		return err
	}
	err = b.markResults(context.WithoutCancel(ctx), push, store.PushMarks{Results: out})
	if err != nil {
		return fmt.Errorf("keep what was undone: %w", err)
	}
	b.watchers.tell(push.ID)
	return nil
}

// undoRefused lets a refusal pass when the group is gone: then nobody is in it any more.
func (b *Bridge) undoRefused(ctx context.Context, conn store.Connection, push store.Push, err error) error {
	var refused *mojo.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	there, err := b.groupThere(ctx, conn, push.GroupID)
	if err != nil || !there {
		return err
	}
	return &stopError{
		why:   "undo is refused",
		cause: "Mojo refused to take the contacts out of the group: " + printable(refused.Text),
	}
}
