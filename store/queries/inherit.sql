-- A connection of two accounts that were connected before takes over what is known of their contacts. What it has already stays.

-- name: InheritLinks :exec
insert into links (
    connection_id, client_id, api_contact_id, mojo_contact_id, notes_sent, created_at, pushed_at,
    source, custom_written, do_not_call_at, custom_tries, custom_at, gone_at
)
select
    cast(@heir as text), client_id, api_contact_id, mojo_contact_id, notes_sent, created_at, pushed_at,
    source, custom_written, do_not_call_at, custom_tries, custom_at, gone_at
from links as earlier
where earlier.connection_id = @connection_id
on conflict (connection_id, client_id) do nothing;

-- name: InheritMojoContacts :exec
insert into mojo_contacts (connection_id, mojo_contact_id, client_id)
select cast(@heir as text), mojo_contact_id, client_id
from mojo_contacts as earlier
where earlier.connection_id = @connection_id
on conflict (connection_id, mojo_contact_id) do nothing;

-- name: InheritSnapshots :exec
insert into snapshots (connection_id, client_id, fields)
select cast(@heir as text), client_id, fields
from snapshots as earlier
where earlier.connection_id = @connection_id
on conflict (connection_id, client_id) do nothing;

-- name: InheritActivities :exec
insert into activities (connection_id, mojo_event_id, client_id, call_id, revision, state)
select cast(@heir as text), mojo_event_id, client_id, call_id, revision, state
from activities as earlier
where earlier.connection_id = @connection_id
on conflict (connection_id, mojo_event_id) do nothing;

-- name: InheritMojoNotes :exec
insert into mojo_notes (connection_id, mojo_note_id, client_id, note_id, told_at)
select cast(@heir as text), mojo_note_id, client_id, note_id, told_at
from mojo_notes as earlier
where earlier.connection_id = @connection_id
on conflict (connection_id, mojo_note_id) do nothing;

-- name: InheritEvents :exec
-- What needs a person still does, and nobody could retry it for a connection that is over. A webhook-id of our own, of a contact that was
-- sent, names the connection: it names the new one, unless that has one like it.
update events
set connection_id = @heir,
    webhook_id = case
        when exists (
            select 1
            from events as other
            where other.webhook_id = replace(events.webhook_id, cast(@connection_id as text), cast(@heir as text))
                and other.webhook_id <> ''
        ) then webhook_id
        else replace(webhook_id, cast(@connection_id as text), cast(@heir as text))
    end
where connection_id = @connection_id and state = 'needs_you';
