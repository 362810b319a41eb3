package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"addtomojo/store/internal/rows"
)

// LinkSource is how a link came about.
type LinkSource string

const (
	LinkPush LinkSource = "push" // the contact was pushed from Wise Agent
	LinkSent LinkSource = "sent" // it was sent from Mojo
)

// Link says that a ClientID of Wise Agent and a contact in Mojo are the same person.
type Link struct {
	ClientID      string
	MojoContactID int64      // 0 where Mojo did not tell
	APIContactID  string     // what Mojo knows the contact by; "" where it came from Mojo
	Source        LinkSource // "" is LinkPush
	NotesSent     int64      // the highest NoteID of Wise Agent that is in Mojo
	CustomWritten bool       // MojoContactID is in Wise Agent's custom field of that name
	CustomTries   int        // how often that failed
	CustomAt      time.Time  // it isn't tried again before
	DoNotCallAt   time.Time  // when a call result in Mojo said so
	GoneAt        time.Time  // when Wise Agent first said that it has the contact no more; zero: it is there
	CreatedAt     time.Time
	PushedAt      time.Time // last
}

// Links returns what is known of a connection's contacts in its Mojo account, by ClientID: the connection's own link, else that
// of an earlier connection of the same two accounts. Who must not be called stays so, whichever connection was told.
func (s *Store) Links(ctx context.Context, connID string, clientIDs []string) (map[string]Link, error) {
	links := make(map[string]Link)
	wanted := table{kinds: []string{"text"}}
	for _, id := range clientIDs {
		wanted.add(id)
	}
	err := s.read(ctx, "get links", func(q tx) error {
		conns, err := q.ConnectionsOfSameAccounts(ctx, connID)
		if err != nil {
			return err
		}
		for _, conn := range conns { // the oldest first: newer links replace older ones
			err := queryBulk(ctx, q, selectLinks, wanted, func(r row) error {
				l, err := scanLink(r)
				if l.DoNotCallAt.IsZero() {
					l.DoNotCallAt = links[l.ClientID].DoNotCallAt
				}
				links[l.ClientID] = l
				return err
			}, conn)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return links, err
}

const selectLinks = `
select links.*
from %s
cross join links -- SQLite keeps this order; else it reads all links of the connection
where links.connection_id = ?1 and links.client_id = v.column1`

// scanLink reads a link, and what follows its columns.
func scanLink(r row, more ...any) (Link, error) {
	var l rows.Link
	err := r.Scan(slices.Concat([]any{&l.ConnectionID}, linkFields(&l), more)...)
	return link(l), err
}

// linkFields are where the columns of links go that follow the connection's, in their order.
func linkFields(l *rows.Link) []any {
	return []any{
		&l.ClientID,
		&l.APIContactID,
		&l.MojoContactID,
		&l.NotesSent,
		&l.CreatedAt,
		&l.PushedAt,
		&l.Source,
		&l.CustomWritten,
		&l.DoNotCallAt,
		&l.CustomTries,
		&l.CustomAt,
		&l.GoneAt,
	}
}

func link(r rows.Link) Link {
	return Link{
		ClientID:      r.ClientID,
		MojoContactID: r.MojoContactID,
		APIContactID:  r.APIContactID,
		Source:        LinkSource(r.Source),
		NotesSent:     r.NotesSent,
		CustomWritten: r.CustomWritten,
		CustomTries:   int(r.CustomTries),
		CustomAt:      moment(r.CustomAt),
		DoNotCallAt:   moment(r.DoNotCallAt),
		GoneAt:        moment(r.GoneAt),
		CreatedAt:     moment(r.CreatedAt),
		PushedAt:      moment(r.PushedAt),
	}
}

// LinkOf returns the link of a contact in Mojo: by its id there, or else by what Mojo knows it by. [ErrNotFound] when it has none.
// Several Mojo contacts may be one ClientID; the link holds the one that was told last. A link that is gone gives way to that of the
// contact which was made anew, and is found as long as there is none.
func (s *Store) LinkOf(ctx context.Context, connID string, mojoContactID int64, apiContactID string) (l Link, err error) {
	err = s.read(ctx, "get link", func(q tx) error {
		r, err := q.LinkByMojoContact(ctx, rows.LinkByMojoContactParams{ConnectionID: connID, MojoContactID: mojoContactID})
		if errors.Is(err, sql.ErrNoRows) {
			r, err = linkByAPIContact(ctx, q, connID, apiContactID)
		}
		l = link(r)
		return err
	})
	return l, err
}

// linkByAPIContact finds a link by what Mojo knows its contact by. Where that one is gone, and the same Mojo contact is another client
// by now, it finds that one's.
func linkByAPIContact(ctx context.Context, q tx, connID, apiContactID string) (rows.Link, error) {
	r, err := q.LinkByAPIContact(ctx, rows.LinkByAPIContactParams{ConnectionID: connID, APIContactID: plain(apiContactID)})
	if err != nil || r.GoneAt == 0 {
		return r, err
	}
	anew, err := q.LinkByMojoContact(ctx, rows.LinkByMojoContactParams{ConnectionID: connID, MojoContactID: r.MojoContactID})
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	return anew, err
}

// OtherMojoContacts returns, by ClientID, the ids of Mojo contacts that links don't hold since another one of the same person was told
// later.
func (s *Store) OtherMojoContacts(ctx context.Context, connID string) (map[string][]int64, error) {
	others := make(map[string][]int64)
	err := s.read(ctx, "get other contacts in Mojo", func(q tx) error {
		found, err := q.OtherMojoContacts(ctx, connID)
		for _, r := range found {
			others[r.ClientID] = append(others[r.ClientID], r.MojoContactID)
		}
		return err
	})
	return others, err
}

// LinksWithoutCustom returns at most limit links whose MojoContactID is known but not in Wise Agent yet, and may be tried now. Those
// that were never tried come first, then those that have waited longest.
func (s *Store) LinksWithoutCustom(ctx context.Context, connID string, now time.Time, limit int) (links []Link, err error) {
	err = s.read(ctx, "get links without custom field", func(q tx) error {
		found, err := q.LinksWithoutCustom(ctx, rows.LinksWithoutCustomParams{
			ConnectionID: connID,
			Now:          millis(now),
			Most:         int64(limit),
		})
		links = collect(found, link)
		return err
	})
	return links, err
}

// SaveLinks stores links over earlier ones. [ErrNotFound] when the connection isn't live.
func (s *Store) SaveLinks(ctx context.Context, connID string, links []Link) error {
	return s.changeLinks(ctx, "save links", connID, func(q tx) error { return saveLinks(ctx, q, connID, links) })
}

// changeLinks is write with the turn to deliver and the live connection.
func (s *Store) changeLinks(ctx context.Context, op, connID string, f func(q tx) error) error {
	return s.write(ctx, op, func(q tx) error {
		if err := takeTurn(ctx, q, turnDeliver); err != nil {
			return err
		}
		if _, err := q.LockLiveConnection(ctx, connID); err != nil {
			return err
		}
		return f(q)
	})
}

// SaveFoundLinks stores links that custom fields in Wise Agent tell of, where no MojoContactID is known: what Mojo told of a contact
// is newer than a copy of it, and stays. CustomWritten says whether the field has that id. None of them is gone. [ErrNotFound] when the
// connection isn't live.
func (s *Store) SaveFoundLinks(ctx context.Context, connID string, links []Link) error {
	return s.changeLinks(ctx, "save found links", connID, func(q tx) error {
		return insertLinks(ctx, q, connID, links, addLinks, addMojoContacts)
	})
}

// addLinks is upsertLinks for ids that are a copy.
const addLinks = intoLinks + `
on conflict (connection_id, client_id) do update
set mojo_contact_id = case when links.mojo_contact_id = 0 then excluded.mojo_contact_id else links.mojo_contact_id end,
    custom_written = links.custom_written or excluded.custom_written and links.mojo_contact_id in (0, excluded.mojo_contact_id),
    gone_at = 0`

const addMojoContacts = intoMojoContacts + `
on conflict (connection_id, mojo_contact_id) do nothing`

// SaveCustoms notes what came of writing the MojoContactID of links to Wise Agent: their CustomWritten, CustomTries, CustomAt and
// GoneAt. Of a link that has another one by now nothing is noted: it is still to be written. [ErrNotFound] when the connection isn't
// live.
func (s *Store) SaveCustoms(ctx context.Context, connID string, links []Link) error {
	t := table{kinds: []string{"text", "bigint", "boolean", "bigint", "bigint", "bigint"}}
	for _, l := range links {
		t.add(l.ClientID, l.MojoContactID, l.CustomWritten, int64(l.CustomTries), millis(l.CustomAt), millis(l.GoneAt))
	}
	return s.changeLinks(ctx, "save custom fields", connID, func(q tx) error {
		return execBulk(ctx, q, updateCustoms, t, connID)
	})
}

const updateCustoms = `
update links
set custom_written = v.column3,
    custom_tries = v.column4,
    custom_at = v.column5,
    gone_at = case when links.gone_at <> 0 and v.column6 <> 0 then links.gone_at else v.column6 end
from %s
where links.connection_id = ?1 and links.client_id = v.column1 and links.mojo_contact_id = v.column2`

// saveLinks stores links over earlier ones, each once; the caller has the turn to deliver. What an earlier one knew better stays: how
// and when it was made, the ids, the notes sent, the newest push, do-not-call, and how writing the custom field went, unless there is
// another id now. Whether the contact is gone the newest one says, and since when the first one that said so.
func saveLinks(ctx context.Context, q tx, connID string, links []Link) error {
	return insertLinks(ctx, q, connID, links, upsertLinks, upsertMojoContacts)
}

func insertLinks(ctx context.Context, q tx, connID string, links []Link, linkRows, contactRows string) error {
	t := table{kinds: []string{"text", "text", "bigint", "bigint", "bigint", "bigint", "text", "boolean", "bigint", "bigint"}}
	contacts := make(map[int64]string)
	for _, l := range links {
		t.add(
			l.ClientID, l.APIContactID, l.MojoContactID, l.NotesSent, millis(l.CreatedAt), millis(l.PushedAt),
			string(cmp.Or(l.Source, LinkPush)), l.CustomWritten, millis(l.DoNotCallAt), millis(l.GoneAt),
		)
		if l.MojoContactID != 0 {
			contacts[l.MojoContactID] = l.ClientID // the last one, if several say so
		}
	}
	if err := execBulk(ctx, q, linkRows, t, connID); err != nil {
		return err
	}
	found := table{kinds: []string{"bigint", "text"}}
	for _, id := range slices.Sorted(maps.Keys(contacts)) {
		found.add(id, contacts[id])
	}
	return execBulk(ctx, q, contactRows, found, connID)
}

const intoLinks = `
insert into links (
    connection_id, client_id, api_contact_id, mojo_contact_id, notes_sent, created_at, pushed_at,
    source, custom_written, do_not_call_at, gone_at
)
select
    cast(?1 as text), v.column1, v.column2, v.column3, v.column4, v.column5, v.column6,
    v.column7, v.column8, v.column9, v.column10
from %s
where true`

const upsertLinks = intoLinks + `
on conflict (connection_id, client_id) do update
set api_contact_id = case when excluded.api_contact_id = '' then links.api_contact_id else excluded.api_contact_id end,
    mojo_contact_id = case when excluded.mojo_contact_id = 0 then links.mojo_contact_id else excluded.mojo_contact_id end,
    notes_sent = case when excluded.notes_sent > links.notes_sent then excluded.notes_sent else links.notes_sent end,
    pushed_at = case when excluded.pushed_at > links.pushed_at then excluded.pushed_at else links.pushed_at end,
    custom_written = excluded.custom_written
        or links.custom_written and excluded.mojo_contact_id in (0, links.mojo_contact_id),
    custom_tries = case when excluded.mojo_contact_id in (0, links.mojo_contact_id) then links.custom_tries else 0 end,
    custom_at = case when excluded.mojo_contact_id in (0, links.mojo_contact_id) then links.custom_at else 0 end,
    do_not_call_at = case when excluded.do_not_call_at = 0 then links.do_not_call_at else excluded.do_not_call_at end,
    gone_at = case when links.gone_at <> 0 and excluded.gone_at <> 0 then links.gone_at else excluded.gone_at end`

const intoMojoContacts = `
insert into mojo_contacts (connection_id, mojo_contact_id, client_id)
select cast(?1 as text), v.column1, v.column2
from %s
where true`

const upsertMojoContacts = intoMojoContacts + `
on conflict (connection_id, mojo_contact_id) do update
set client_id = excluded.client_id`
