package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

// activity writes an appointment, a to-do or a follow-up call into the Call List, or what became of it.
func (e *effect) activity(ctx context.Context) error {
	a := e.told.Event
	known, err := e.b.Store.Activity(ctx, e.conn.ID, string(a.ID))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read activity: %w", err)
	}
	if known.State == "" && e.event.Type != eventPlanned {
		if known, err = e.doubtfulCall(ctx); err != nil {
			return err
		}
	}
	older := known.State != "" && a.Revision <= known.Revision
	switch {
	case known.State == store.ActivityDeleted, older && e.event.Type != eventDeleted: // nothing comes after a deletion, whatever its revision
		return &excludedError{olderActivity}
	case e.event.Type == eventDeleted && known.CallID == "":
		// Remembered, so that an older event that comes later doesn't bring it back.
		e.out.Activity = &store.Activity{MojoEventID: string(a.ID), ClientID: e.link.ClientID, Revision: a.Revision, State: store.ActivityDeleted}
		return &excludedError{neverWritten}
	case e.event.Type == eventDeleted:
		return e.deleteCall(ctx, known)
	}
	if err := e.saveCall(ctx, known); err != nil {
		return err
	}
	if err := e.describe(ctx); err != nil {
		e.out.Activity.Revision = a.Revision - 1 // the entry is known, and the revision isn't dealt with
		return err
	}
	return nil
}

// saveCall adds the entry of the Call List, or changes the one that is there.
func (e *effect) saveCall(ctx context.Context, known store.Activity) error {
	a := e.told.Event
	entry, err := e.entry(ctx, known)
	if err != nil {
		return err
	}
	id := known.CallID
	err = e.about(ctx, func(api *wiseagent.API) (err error) {
		if id != "" {
			err = api.UpdateCall(ctx, id, entry)
			if err == nil || !callGone(ctx, api, known.ClientID, id, err) {
				return err
			}
			id = "" // deleted in Wise Agent; Mojo still has it, so it is made anew
		}
		if e.look {
			if id, err = e.findCall(ctx, api, entry); err != nil || id != "" {
				return err
			}
		}
		id, err = api.AddCall(ctx, entry)
		return err
	})
	if err != nil {
		return err
	}
	state := store.ActivityOpen
	if entry.Completed {
		state = store.ActivityCompleted
	}
	e.out.ResultID = id
	e.out.Activity = &store.Activity{MojoEventID: string(a.ID), ClientID: e.link.ClientID, CallID: id, Revision: a.Revision, State: state}
	return nil
}

// findCall looks for an entry that a lost answer left: the same type, date and reason, and nobody's yet.
func (e *effect) findCall(ctx context.Context, api *wiseagent.API, entry wiseagent.NewCall) (string, error) {
	calls, err := api.Calls(ctx, e.link.ClientID)
	if err != nil {
		return "", fmt.Errorf("look for a Call List entry: %w", err)
	}
	ours, err := e.b.Store.Activities(ctx, e.conn.ID, e.link.ClientID)
	if err != nil {
		return "", fmt.Errorf("read activities: %w", err)
	}
	taken := make(map[string]bool)
	for _, a := range ours {
		taken[a.CallID] = true
	}
	for _, c := range calls {
		if entry.Same(c) && !taken[c.ID] {
			return c.ID, nil
		}
	}
	return "", nil
}

// deleteCall takes the entry out of the Call List. One that is gone already is as good.
func (e *effect) deleteCall(ctx context.Context, known store.Activity) error {
	gone := false
	err := e.about(ctx, func(api *wiseagent.API) error {
		err := api.DeleteCall(ctx, known.CallID)
		gone = err != nil && callGone(ctx, api, known.ClientID, known.CallID, err)
		return err
	})
	if err != nil && !gone {
		return err
	}
	known.Revision, known.State = max(known.Revision, e.told.Event.Revision), store.ActivityDeleted
	e.out.ResultID, e.out.Activity = known.CallID, &known
	return nil
}

// entry is the activity as a Call List entry; known is the one that is there.
func (e *effect) entry(ctx context.Context, known store.Activity) (wiseagent.NewCall, error) {
	a := e.told.Event
	next, err := callListDate(a.StartsAt.Time, a.Date, e.b.wiseZone())
	switch {
	case err != nil && e.event.Type == eventCompleted: // nobody gives what is done a date
		if next, err = e.dateThere(ctx, known); err != nil {
			return wiseagent.NewCall{}, err
		}
	case err != nil:
		return wiseagent.NewCall{}, &needsYouError{noDate}
	}
	team, err := e.teamID(ctx)
	if err != nil {
		return wiseagent.NewCall{}, err
	}
	entry := wiseagent.NewCall{
		ClientID: e.link.ClientID, Type: callType(a.Kind), Reason: callReason(a.Title), Next: next,
		Important: a.Priority == "high", TeamID: team, Completed: e.event.Type == eventCompleted || !a.CompletedAt.IsZero(),
	}
	if entry.CompletedAt = a.CompletedAt.Time; entry.Completed && entry.CompletedAt.IsZero() {
		entry.CompletedAt = e.event.OccurredAt
	}
	return entry, nil
}

// dateThere is the date that an entry has in the Call List.
func (e *effect) dateThere(ctx context.Context, known store.Activity) (next string, err error) {
	if known.CallID == "" { // remembered, so that an older event about it needs nobody either
		a := e.told.Event
		e.out.Activity = &store.Activity{MojoEventID: string(a.ID), ClientID: e.link.ClientID, Revision: a.Revision, State: store.ActivityCompleted}
		return "", &excludedError{neverWritten}
	}
	err = e.wise(ctx, func(api *wiseagent.API) error {
		calls, err := api.Calls(ctx, known.ClientID)
		if i := slices.IndexFunc(calls, func(c wiseagent.Call) bool { return c.ID == known.CallID }); i >= 0 {
			next = calls[i].Next
		}
		return err
	})
	if err == nil && next == "" {
		err = &excludedError{takenOut}
	}
	return next, err
}

// callType is how a kind of activity is called in the Call List.
func callType(kind string) string {
	switch kind {
	case "appointment":
		return "Appointment"
	case "todo":
		return "To-Do"
	}
	return "Follow-up call"
}

// describe keeps what is too long for the Call List in a note, one for each activity, which follows its changes.
func (e *effect) describe(ctx context.Context) error {
	a := e.told.Event
	subject, body := activityNote(e.activityText())
	key := "activity/" + string(a.ID)
	known, err := e.b.Store.MojoNote(ctx, e.conn.ID, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read activity's note: %w", err)
	}
	before, short := known.NoteID, joinWords(a.Description) == "" && callReason(a.Title) == joinWords(a.Title)
	if before == 0 && !short && e.event.Type != eventPlanned {
		known.ClientID = e.link.ClientID
		if known.NoteID, err = e.doubtfulDescription(ctx); err != nil {
			return err
		}
	}
	id := known.NoteID
	switch {
	case id != 0:
		id, err = e.rewriteNote(ctx, known, subject, body)
		switch {
		case errors.As(err, new(*excludedError)): // deleted in Wise Agent, and stays so; the entry is written
			return nil
		case e.event.Type == eventCompleted && errors.Is(err, wiseagent.ErrLocked): // what was completed is in the entry
			return nil
		}
	case short:
		return nil
	default:
		id, err = e.addNote(ctx, subject, body)
	}
	if err == nil && id != before {
		e.out.Note = &store.MojoNote{MojoNoteID: key, ClientID: e.link.ClientID, NoteID: id}
	}
	return err
}
