package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

// addNote writes a note once. Its last line is its mark: when it may have been written before, it is looked for.
func (e *effect) addNote(ctx context.Context, subject, body string) (int64, error) {
	mark := lastLine(body)
	team, err := e.teamID(ctx)
	if err != nil {
		return 0, err
	}
	var id int64
	err = e.about(ctx, func(api *wiseagent.API) (err error) {
		if e.look {
			if id, err = findNote(ctx, api, e.link.ClientID, mark); err != nil || id != 0 {
				return err
			}
		}
		id, err = api.AddNote(ctx, wiseagent.NewNote{ClientID: e.link.ClientID, Subject: subject, Text: body, TeamID: team})
		return err
	})
	return id, err
}

// updateNote rewrites a note. One that was deleted in Wise Agent stays deleted, unless the contact was deleted with it.
func (e *effect) updateNote(ctx context.Context, noteID int64, subject, body string) error {
	gone := false
	err := e.about(ctx, func(api *wiseagent.API) error {
		err := api.UpdateNote(ctx, noteID, subject, body)
		gone = err != nil && noteGone(ctx, api, e.link.ClientID, noteID, err)
		return err
	})
	if gone {
		return cmpErr(e.isThere(ctx), &excludedError{noteDeleted})
	}
	return err
}

// isThere asks Wise Agent for the link's contact.
func (e *effect) isThere(ctx context.Context) error {
	return e.about(ctx, func(api *wiseagent.API) error {
		_, err := api.Contact(ctx, e.link.ClientID)
		return err
	})
}

// rewriteNote is updateNote for a note that is known, and gives its id. One that went with its contact is written anew, when the
// contact was sent once more.
func (e *effect) rewriteNote(ctx context.Context, known store.MojoNote, subject, body string) (int64, error) {
	err := e.updateNote(ctx, known.NoteID, subject, body)
	if errors.As(err, new(*excludedError)) && known.ClientID != e.link.ClientID {
		return e.addNote(ctx, subject, body)
	}
	return known.NoteID, err
}

// findNote looks for a note by its last line, 0 when it isn't there.
func findNote(ctx context.Context, api *wiseagent.API, clientID, mark string) (int64, error) {
	return anyNote(ctx, api, clientID, func(n wiseagent.Note) bool { return lastLine(plainText(n.Text)) == mark })
}

// anyNote looks for a note of a contact that is the one, 0 when there is none.
func anyNote(ctx context.Context, api *wiseagent.API, clientID string, isTheOne func(wiseagent.Note) bool) (int64, error) {
	for page := 1; page <= notesPages; page++ {
		notes, err := api.Notes(ctx, clientID, page, notesPage)
		if err != nil {
			return 0, fmt.Errorf("look for a note: %w", err)
		}
		if i := slices.IndexFunc(notes, isTheOne); i >= 0 {
			return notes[i].ID, nil
		}
		if len(notes) < notesPage {
			return 0, nil
		}
	}
	return 0, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[strings.LastIndexByte(s, '\n')+1:])
}

// note writes a note that was made or edited in Mojo. Edits have no revision: their times tell which is the newest.
func (e *effect) note(ctx context.Context) error {
	n := e.told.Note
	known, err := e.b.Store.MojoNote(ctx, e.conn.ID, string(n.ID))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read note's pair: %w", err)
	}
	if known.NoteID == 0 && e.event.Type == eventNoteChanged {
		known.ClientID = e.link.ClientID
		if known.NoteID, err = e.doubtfulNote(ctx); err != nil {
			return err
		}
	}
	if known.NoteID == 0 { // else an edit went to Wise Agent: what gives the note back its first text goes there, too
		if ours, err := e.fromWise(ctx, n.Contents); err != nil || ours {
			return cmpErr(err, &excludedError{fromUs})
		}
	}
	fresh := store.MojoNote{MojoNoteID: string(n.ID), ClientID: e.link.ClientID, NoteID: known.NoteID}
	if e.event.Type == eventNoteChanged { // any edit is newer than the note as it was made
		fresh.ToldAt = toldAt(e.event)
	}
	subject, body := mojoNoteText(e.noteText())
	switch {
	case known.NoteID == 0:
		fresh.NoteID, err = e.addNote(ctx, subject, body)
	case e.event.Type == eventNoteMade: // an edit came first
	case fresh.ToldAt.Before(known.ToldAt):
		return &excludedError{olderThan(fresh.ToldAt)}
	default:
		fresh.NoteID, err = e.rewriteNote(ctx, known, subject, body)
	}
	if err != nil {
		return err
	}
	e.out.ResultID = fmt.Sprint(fresh.NoteID)
	if e.event.Type == eventNoteChanged || known.NoteID == 0 {
		e.out.Note = &fresh
	}
	return nil
}

// toldAt is when an event happened by Mojo's word. It is zero where Mojo didn't say: such an event has the time at which it came.
func toldAt(e store.Event) time.Time {
	if e.OccurredAt.Equal(e.ReceivedAt) {
		return time.Time{}
	}
	return e.OccurredAt
}

// olderThan says why an edit of that time doesn't replace a newer one. One without a time may be newer or not: what is known to be the
// newest is not given up for it.
func olderThan(toldAt time.Time) string {
	if toldAt.IsZero() {
		return undatedEdit
	}
	return olderEdit
}

// fromWise tells whether a note in Mojo is one that a push brought there. Mojo may have other blanks and line breaks in it, as after
// a form. What a push says of phone fields is no note of Wise Agent's: an edit of it is somebody's own words.
func (e *effect) fromWise(ctx context.Context, contents string) (bool, error) {
	if e.event.Type == eventNoteMade && strings.HasPrefix(contents, remarkPrefix) {
		return true, nil
	}
	contents = joinWords(contents)
	var id int64
	err := e.wise(ctx, func(api *wiseagent.API) (err error) {
		id, err = anyNote(ctx, api, e.link.ClientID, func(n wiseagent.Note) bool { return joinWords(noteText(n)) == contents })
		return err
	})
	return id != 0, err
}
