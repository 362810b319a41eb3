package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

// What ended in doubt, since it needs a person or the connection was reset meanwhile, may be in Wise Agent although nobody noted it.
// Whatever follows in Mojo looks for it, or there would be two.

// doubtful are the events about the same contact that ended in doubt and that same picks, the oldest first.
func (e *effect) doubtful(ctx context.Context, same func(told) bool) (earlier []*effect, err error) {
	events, err := e.b.Store.DoubtfulEvents(ctx, e.conn.ID, e.event.ContactKey())
	if err != nil {
		return nil, fmt.Errorf("read doubtful events: %w", err)
	}
	for _, ended := range events {
		if t, err := readTold(ended.Body); err == nil && same(t) {
			earlier = append(earlier, &effect{b: e.b, conn: e.conn, event: ended, told: t, link: e.link})
		}
	}
	return earlier, nil
}

// doubtfulNote finds the note in Wise Agent that an earlier event about the same note in Mojo may have left, 0 when there is none.
func (e *effect) doubtfulNote(ctx context.Context) (int64, error) {
	earlier, err := e.doubtful(ctx, func(t told) bool { return t.Note != nil && t.Note.ID == e.told.Note.ID })
	if err != nil || len(earlier) == 0 {
		return 0, err
	}
	_, body := mojoNoteText(e.noteText())
	return e.noteMarked(ctx, lastLine(body))
}

// sameActivity tells whether an event is about the same activity.
func (e *effect) sameActivity(t told) bool { return t.Event != nil && t.Event.ID == e.told.Event.ID }

// doubtfulCall finds the entry of the Call List that an earlier event about the same activity may have left; without a CallID when there
// is none.
func (e *effect) doubtfulCall(ctx context.Context) (found store.Activity, err error) {
	earlier, err := e.doubtful(ctx, e.sameActivity)
	if err != nil {
		return found, err
	}
	for _, before := range slices.Backward(earlier) {
		entry, err := before.entry(ctx, store.Activity{})
		if errors.As(err, new(*needsYouError)) || errors.As(err, new(*excludedError)) { // it had no date: nothing was written
			continue
		}
		if err != nil {
			return found, err
		}
		a := before.told.Event
		found = store.Activity{MojoEventID: string(a.ID), ClientID: e.link.ClientID, Revision: a.Revision, State: store.ActivityOpen}
		err = e.wise(ctx, func(api *wiseagent.API) (err error) {
			found.CallID, err = e.findCall(ctx, api, entry)
			return err
		})
		if err != nil || found.CallID != "" {
			return found, err
		}
	}
	return store.Activity{}, nil
}

// doubtfulDescription finds the note about the activity that an earlier event may have left, 0 when there is none.
func (e *effect) doubtfulDescription(ctx context.Context) (int64, error) {
	earlier, err := e.doubtful(ctx, e.sameActivity)
	if err != nil {
		return 0, err
	}
	for _, before := range slices.Backward(earlier) {
		_, body := activityNote(before.activityText())
		if id, err := e.noteMarked(ctx, lastLine(body)); err != nil || id != 0 {
			return id, err
		}
	}
	return 0, nil
}

// noteMarked finds a note of the contact by its last line, 0 when there is none.
func (e *effect) noteMarked(ctx context.Context, mark string) (id int64, err error) {
	err = e.wise(ctx, func(api *wiseagent.API) (err error) {
		id, err = findNote(ctx, api, e.link.ClientID, mark)
		return err
	})
	return id, err
}
