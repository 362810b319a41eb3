package store

import (
	"context"
	"time"

	"addtomojo/store/internal/rows"
)

// ActivityState is what became of an activity.
type ActivityState string

const (
	ActivityOpen      ActivityState = "open"
	ActivityCompleted ActivityState = "completed"
	ActivityDeleted   ActivityState = "deleted"
)

// Activity is one of Mojo's activities, and the Call List entry in Wise Agent that it became.
type Activity struct {
	MojoEventID string
	ClientID    string
	CallID      string
	Revision    int64 // Mojo's, the one that was written
	State       ActivityState
}

// Activity returns what an activity became, or [ErrNotFound].
func (s *Store) Activity(ctx context.Context, connID, mojoEventID string) (a Activity, err error) {
	err = s.read(ctx, "get activity", func(q tx) error {
		r, err := q.Activity(ctx, rows.ActivityParams{ConnectionID: connID, MojoEventID: mojoEventID})
		a = activity(r)
		return err
	})
	return a, err
}

// Activities returns all of a contact's, deleted ones too: the entries of its Call List that are ours.
func (s *Store) Activities(ctx context.Context, connID, clientID string) (activities []Activity, err error) {
	err = s.read(ctx, "get activities", func(q tx) error {
		found, err := q.Activities(ctx, rows.ActivitiesParams{ConnectionID: connID, ClientID: clientID})
		activities = collect(found, activity)
		return err
	})
	return activities, err
}

func activity(r rows.Activity) Activity {
	return Activity{
		MojoEventID: r.MojoEventID,
		ClientID:    r.ClientID,
		CallID:      r.CallID,
		Revision:    r.Revision,
		State:       ActivityState(r.State),
	}
}

func saveActivity(ctx context.Context, q tx, connID string, a Activity) error {
	return q.SaveActivity(ctx, rows.SaveActivityParams{
		ConnectionID: connID,
		MojoEventID:  a.MojoEventID,
		ClientID:     a.ClientID,
		CallID:       a.CallID,
		Revision:     a.Revision,
		State:        string(a.State),
	})
}

// MojoNote is one of Mojo's notes, and the note in Wise Agent that it became.
type MojoNote struct {
	MojoNoteID string
	ClientID   string
	NoteID     int64     // Wise Agent's
	ToldAt     time.Time // of the edit that was written last, by Mojo; zero where it didn't say, or none was
}

// MojoNote returns what a note became, or [ErrNotFound].
func (s *Store) MojoNote(ctx context.Context, connID, mojoNoteID string) (n MojoNote, err error) {
	err = s.read(ctx, "get note", func(q tx) error {
		r, err := q.MojoNote(ctx, rows.MojoNoteParams{ConnectionID: connID, MojoNoteID: mojoNoteID})
		n = MojoNote{MojoNoteID: r.MojoNoteID, ClientID: r.ClientID, NoteID: r.NoteID, ToldAt: moment(r.ToldAt)}
		return err
	})
	return n, err
}

func saveMojoNote(ctx context.Context, q tx, connID string, n MojoNote) error {
	return q.SaveMojoNote(ctx, rows.SaveMojoNoteParams{
		ConnectionID: connID,
		MojoNoteID:   n.MojoNoteID,
		ClientID:     n.ClientID,
		NoteID:       n.NoteID,
		ToldAt:       millis(n.ToldAt),
	})
}
