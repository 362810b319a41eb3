package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"addtomojo/store/internal/rows"
)

// Edit is an event of the type contact.updated about a contact with a link.
type Edit struct {
	ClientID   string // of the link
	ContactKey string // see [Event.ContactKey]
	Body       []byte
	Seq        int64
	FinishedAt time.Time // when it was written into Wise Agent; zero while it waits
	NextAt     time.Time // of a waiting one: when the contact's first that waits may be tried
}

// Waits tells whether the edit is still to be written into Wise Agent.
func (e Edit) Waits() bool { return e.FinishedAt.IsZero() }

// Edits returns the edits of linked contacts that wait, and those that were written at since or later, in the order of their
// receipt.
func (s *Store) Edits(ctx context.Context, connID string, links []Link, since time.Time) (found []Edit, err error) {
	err = s.read(ctx, "get edits", func(q tx) error {
		found, err = edits(ctx, q, connID, links, since)
		return err
	})
	return found, err
}

func edits(ctx context.Context, q tx, connID string, links []Link, since time.Time) (found []Edit, err error) {
	wanted := table{kinds: []string{"text", "text"}}
	for _, l := range links {
		for _, key := range []string{Event{MojoContactID: l.MojoContactID}.ContactKey(), l.APIContactID} {
			if key != "" {
				wanted.add(l.ClientID, key)
			}
		}
	}
	err = queryBulk(ctx, q, selectEdits, wanted, func(r row) error {
		var e Edit
		var finishedAt, nextAt int64
		err := r.Scan(&e.ClientID, &e.ContactKey, &e.Body, &e.Seq, &finishedAt, &nextAt)
		e.FinishedAt, e.NextAt = moment(finishedAt), moment(nextAt)
		found = append(found, e)
		return err
	}, connID, millis(since))
	slices.SortFunc(found, func(a, b Edit) int { return cmp.Compare(a.Seq, b.Seq) })
	return found, err
}

const selectEdits = `
select
    v.column1, events.contact_key, events.body, events.seq, events.finished_at,
    coalesce((
        select head.next_at
        from events as head
        where head.connection_id = ?1 and head.contact_key = v.column2 and head.finished_at = 0
        order by head.seq
        limit 1
    ), 0)
from %s
cross join events -- SQLite keeps this order
where events.connection_id = ?1
    and events.contact_key = v.column2
    and events.type = 'contact.updated'
    and (events.finished_at = 0 or events.finished_at >= cast(?2 as bigint) and events.state = 'written')`

// HurryEvents makes all that waits of contacts due at once, whenever it was to be tried next.
func (s *Store) HurryEvents(ctx context.Context, connID string, contactKeys []string, now time.Time) error {
	return s.write(ctx, "hurry events", func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		for _, key := range contactKeys {
			err := q.HurryEvents(ctx, rows.HurryEventsParams{ConnectionID: connID, ContactKey: key, Now: millis(now)})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
