package store

import (
	"context"
	"database/sql"
	"time"
)

// Link says that a ClientID of Wise Agent and a contact in Mojo are the same person.
type Link struct {
	ClientID      string
	MojoContactID int64  // 0 where Mojo did not tell
	APIContactID  string // what Mojo knows the contact by
	NotesSent     int64  // the highest NoteID of Wise Agent that is in Mojo
	CreatedAt     time.Time
	PushedAt      time.Time // last
}

// Links returns the links of those of a connection's contacts that have one, by ClientID.
func (s *Store) Links(ctx context.Context, connID string, clientIDs []string) (map[string]Link, error) {
	links := make(map[string]Link)
	wanted := table{kinds: []string{"text"}}
	for _, id := range clientIDs {
		wanted.add(id)
	}
	err := s.read(ctx, "get links", func(q tx) error {
		return queryBulk(ctx, q, selectLinks, wanted, func(r *sql.Rows) error {
			l, err := scanLink(r)
			links[l.ClientID] = l
			return err
		}, connID)
	})
	return links, err
}

const selectLinks = `
select
    links.client_id,
    links.mojo_contact_id,
    links.api_contact_id,
    links.notes_sent,
    links.created_at,
    links.pushed_at
from (values %s) as v
cross join links -- SQLite keeps this order; else it reads all links of the connection
where links.connection_id = ?1 and links.client_id = v.column1`

func scanLink(r *sql.Rows) (Link, error) {
	var l Link
	var created, pushed int64
	err := r.Scan(&l.ClientID, &l.MojoContactID, &l.APIContactID, &l.NotesSent, &created, &pushed)
	l.CreatedAt, l.PushedAt = moment(created), moment(pushed)
	return l, err
}

// saveLinks stores links over earlier ones. What an earlier one knew better stays: the day it was made, Mojo's id, the notes sent.
func saveLinks(ctx context.Context, q tx, connID string, links []Link) error {
	t := table{kinds: []string{"text", "text", "bigint", "bigint", "bigint", "bigint"}}
	for _, l := range links {
		t.add(l.ClientID, l.APIContactID, l.MojoContactID, l.NotesSent, millis(l.CreatedAt), millis(l.PushedAt))
	}
	return execBulk(ctx, q, upsertLinks, t, connID)
}

const upsertLinks = `
insert into links (connection_id, client_id, api_contact_id, mojo_contact_id, notes_sent, created_at, pushed_at)
select cast(?1 as text), v.column1, v.column2, v.column3, v.column4, v.column5, v.column6
from (values %s) as v
where true
on conflict (connection_id, client_id) do update
set api_contact_id = excluded.api_contact_id,
    mojo_contact_id = case when excluded.mojo_contact_id = 0 then links.mojo_contact_id else excluded.mojo_contact_id end,
    notes_sent = case when excluded.notes_sent > links.notes_sent then excluded.notes_sent else links.notes_sent end,
    pushed_at = excluded.pushed_at`
