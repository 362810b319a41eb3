-- name: LinkByMojoContact :one
select links.*
from mojo_contacts
join links on links.connection_id = mojo_contacts.connection_id and links.client_id = mojo_contacts.client_id
where mojo_contacts.connection_id = @connection_id and mojo_contacts.mojo_contact_id = @mojo_contact_id;

-- name: LinkByAPIContact :one
select * from links
where connection_id = @connection_id and api_contact_id = @api_contact_id and api_contact_id <> ''
order by gone_at <> 0, pushed_at desc -- one that is there goes before one that is gone
limit 1;

-- name: OtherMojoContacts :many
-- A link has the one that was told last.
select mojo_contacts.client_id, mojo_contacts.mojo_contact_id
from mojo_contacts
join links on links.connection_id = mojo_contacts.connection_id and links.client_id = mojo_contacts.client_id
where mojo_contacts.connection_id = @connection_id and links.mojo_contact_id <> mojo_contacts.mojo_contact_id;

-- name: LinksWithoutCustom :many
select * from links
where connection_id = @connection_id and custom_at <= @now and mojo_contact_id <> 0 and custom_written = false
order by custom_at, client_id
limit cast(@most as bigint);

-- name: Snapshot :one
select * from snapshots
where connection_id = @connection_id and client_id = @client_id;

-- name: SaveSnapshot :exec
insert into snapshots (connection_id, client_id, fields)
values (@connection_id, @client_id, @fields)
on conflict (connection_id, client_id) do update
set fields = excluded.fields;

-- name: Activity :one
select * from activities
where connection_id = @connection_id and mojo_event_id = @mojo_event_id;

-- name: Activities :many
select * from activities
where connection_id = @connection_id and client_id = @client_id
order by mojo_event_id;

-- name: SaveActivity :exec
insert into activities (connection_id, mojo_event_id, client_id, call_id, revision, state)
values (@connection_id, @mojo_event_id, @client_id, @call_id, @revision, @state)
on conflict (connection_id, mojo_event_id) do update
set client_id = excluded.client_id,
    call_id = excluded.call_id,
    revision = excluded.revision,
    state = excluded.state;

-- name: MojoNote :one
select * from mojo_notes
where connection_id = @connection_id and mojo_note_id = @mojo_note_id;

-- name: SaveMojoNote :exec
insert into mojo_notes (connection_id, mojo_note_id, client_id, note_id, told_at)
values (@connection_id, @mojo_note_id, @client_id, @note_id, @told_at)
on conflict (connection_id, mojo_note_id) do update
set client_id = excluded.client_id,
    note_id = excluded.note_id,
    told_at = excluded.told_at;

-- name: DueFeeds :many
select id, feed_after
from connections
where (state in ('connected', 'limited') or state = 'needs_sign_in' and side = 'wiseagent')
    and reset_asked_at = 0
    and not feed_off
    and feed_at <= @until
order by feed_at, id
limit cast(@most as bigint);

-- name: ClaimFeed :execrows
update connections
set feed_at = @now
where id = @id
    and (state in ('connected', 'limited') or state = 'needs_sign_in' and side = 'wiseagent')
    and reset_asked_at = 0
    and not feed_off
    and feed_at <= @until;

-- name: SetFeedAfter :execrows
update connections
set feed_after = @after
where id = @id and state <> 'reset';

-- name: TurnOffFeed :execrows
update connections
set feed_off = true
where id = @id and state <> 'reset';
