package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"addtomojo/store/internal/rows"
)

// Group is a group of the customer's Mojo account, as it was when last asked.
type Group struct {
	ID       int64 // Mojo's
	Name     string
	Contacts int // how many are in it
	IsLead   bool
	UsedAt   time.Time // the last push of this connection into it; zero is never
	EndedAt  time.Time // when a push of this connection into it last ended or was undone; zero is never
}

// SaveGroups replaces what is known of the account's groups. UsedAt and EndedAt don't count: the pushes tell. [ErrNotFound] when the
// connection isn't live.
func (s *Store) SaveGroups(ctx context.Context, connID string, groups []Group, fetchedAt time.Time) error {
	t := table{kinds: []string{"bigint", "text", "bigint", "boolean"}}
	for _, g := range groups {
		t.add(g.ID, g.Name, g.Contacts, g.IsLead)
	}
	return s.write(ctx, "save groups", func(q tx) error {
		if _, err := q.LockLiveConnection(ctx, connID); err != nil {
			return err
		}
		if err := q.DeleteGroups(ctx, connID); err != nil {
			return err
		}
		if err := execBulk(ctx, q, insertGroups, t, connID); err != nil {
			return err
		}
		return q.SetGroupsAt(ctx, rows.SetGroupsAtParams{ID: connID, GroupsAt: millis(fetchedAt)})
	})
}

const insertGroups = `
insert into mojo_groups (connection_id, group_id, name, contacts, is_lead)
select cast(?1 as text), v.column1, v.column2, v.column3, v.column4
from %s`

// Groups returns the account's groups, the last used first and then by name, and when they were fetched; zero is never.
func (s *Store) Groups(ctx context.Context, connID string) (groups []Group, fetchedAt time.Time, err error) {
	err = s.read(ctx, "get groups", func(q tx) error {
		at, err := q.GroupsAt(ctx, connID)
		if err != nil {
			return err
		}
		fetchedAt = moment(at)
		found, err := q.Groups(ctx, connID)
		groups = collect(found, group)
		return err
	})
	slices.SortFunc(groups, func(a, b Group) int { // here, since the engines sort names differently
		return cmp.Or(
			b.UsedAt.Compare(a.UsedAt),
			strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return groups, fetchedAt, err
}

func group(r rows.GroupsRow) Group {
	return Group{
		ID: r.GroupID, Name: r.Name, Contacts: int(r.Contacts), IsLead: r.IsLead,
		UsedAt: moment(r.UsedAt), EndedAt: moment(max(r.FinishedAt, r.UndoneAt)),
	}
}
