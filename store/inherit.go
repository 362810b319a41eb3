package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"addtomojo/store/internal/rows"
)

// inherit gives a new connection what earlier ones of the same two accounts knew of their contacts: the links, what was last seen of
// them, and which notes and Call List entries Mojo's notes and activities became. The customer sees the same people in both places
// as before; without it their calls would be nobody's, and their appointments would be written a second time. What needs a person goes
// over too: on the page of a connection that is over nobody would find it.
func inherit(ctx context.Context, q tx, id string) error {
	same, err := q.ConnectionsOfSameAccounts(ctx, id)
	if err != nil {
		return err
	}
	for _, earlier := range slices.Backward(same) { // the newest first: it knows best
		if earlier == id {
			continue
		}
		if err := inheritFrom(ctx, q, id, earlier); err != nil {
			return err
		}
	}
	return nil
}

// leave gives what a connection has learned after its end to the one that followed it, if there is one.
func leave(ctx context.Context, q tx, id string) error {
	heir, err := q.LiveConnectionOfSameAccounts(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return inheritFrom(ctx, q, heir, id)
}

func inheritFrom(ctx context.Context, q tx, heir, earlier string) error {
	for _, take := range []func() error{
		func() error {
			return q.InheritLinks(ctx, rows.InheritLinksParams{Heir: heir, ConnectionID: earlier})
		},
		func() error {
			return q.InheritMojoContacts(ctx, rows.InheritMojoContactsParams{Heir: heir, ConnectionID: earlier})
		},
		func() error {
			return q.InheritSnapshots(ctx, rows.InheritSnapshotsParams{Heir: heir, ConnectionID: earlier})
		},
		func() error {
			return q.InheritActivities(ctx, rows.InheritActivitiesParams{Heir: heir, ConnectionID: earlier})
		},
		func() error {
			return q.InheritMojoNotes(ctx, rows.InheritMojoNotesParams{Heir: heir, ConnectionID: earlier})
		},
		func() error {
			return q.InheritEvents(ctx, rows.InheritEventsParams{Heir: heir, ConnectionID: earlier})
		},
	} {
		if err := take(); err != nil {
			return err
		}
	}
	return nil
}
