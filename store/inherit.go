package store

import (
	"context"
	"slices"

	"addtomojo/store/internal/rows"
)

// inherit gives a new connection what earlier ones of the same two accounts knew of their contacts: the links, what was last seen of
// them, and which notes and Call List entries Mojo's notes and activities became. The customer sees the same people in both places
// as before; without it their calls would be nobody's, and their appointments would be written a second time.
func inherit(ctx context.Context, q tx, id string) error {
	same, err := q.ConnectionsOfSameAccounts(ctx, id)
	if err != nil {
		return err
	}
	for _, earlier := range slices.Backward(same) { // the newest first: it knows best
		if earlier == id {
			continue
		}
		for _, take := range []func() error{
			func() error { return q.InheritLinks(ctx, rows.InheritLinksParams{Heir: id, ConnectionID: earlier}) },
			func() error {
				return q.InheritMojoContacts(ctx, rows.InheritMojoContactsParams{Heir: id, ConnectionID: earlier})
			},
			func() error {
				return q.InheritSnapshots(ctx, rows.InheritSnapshotsParams{Heir: id, ConnectionID: earlier})
			},
			func() error {
				return q.InheritActivities(ctx, rows.InheritActivitiesParams{Heir: id, ConnectionID: earlier})
			},
			func() error {
				return q.InheritMojoNotes(ctx, rows.InheritMojoNotesParams{Heir: id, ConnectionID: earlier})
			},
		} {
			if err := take(); err != nil {
				return err
			}
		}
	}
	return nil
}
