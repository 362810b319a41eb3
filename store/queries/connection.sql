-- name: InsertConnection :exec
insert into connections (
    id, email, name, scopes, mojo_account_id, mojo_account_name, mojo_account_url,
    mojo_agent_id, mojo_agent_name, mojo_agent_email, mojo_permission, mojo_login, time_zone,
    state, since, side, cause, groups_at, lease_owner, lease_until, created_at
)
values (
    @id, @email, @name, @scopes, @mojo_account_id, @mojo_account_name, @mojo_account_url,
    @mojo_agent_id, @mojo_agent_name, @mojo_agent_email, @mojo_permission, @mojo_login, @time_zone,
    @state, @since, '', '', 0, '', 0, @created_at
);

-- name: UpdateConnection :exec
update connections
set name = @name,
    scopes = @scopes,
    mojo_account_name = @mojo_account_name,
    mojo_account_url = @mojo_account_url,
    mojo_agent_id = @mojo_agent_id,
    mojo_agent_name = @mojo_agent_name,
    mojo_agent_email = @mojo_agent_email,
    mojo_permission = @mojo_permission,
    mojo_login = @mojo_login
where id = @id;

-- name: SetMojoAgent :exec
-- Who signed in on Mojo's side, and what the account is called now.
update connections
set mojo_account_name = @mojo_account_name,
    mojo_account_url = @mojo_account_url,
    mojo_agent_id = @mojo_agent_id,
    mojo_agent_name = @mojo_agent_name,
    mojo_agent_email = @mojo_agent_email,
    mojo_permission = @mojo_permission,
    mojo_login = @mojo_login
where id = @id;

-- name: SetMojoSignedIn :exec
-- Whether the account's host has a feed is asked anew: it may be another host, or a newer one.
update connections
set mojo_signed_in_at = @now, feed_off = false
where id = @id;

-- name: Connection :one
select * from connections
where id = @id;

-- name: LiveConnectionByEmail :one
select * from connections
where email = @email and state <> 'reset';

-- name: LiveConnectionByMojoAccount :one
select * from connections
where mojo_account_id = @mojo_account_id and state <> 'reset';

-- name: ConnectionsOfSameAccounts :many
-- Those that were reset before it, the oldest first, and at last the connection itself.
select other.id
from connections as own
join connections as other on other.email = own.email and other.mojo_account_id = own.mojo_account_id
where own.id = @id and other.created_at <= own.created_at
order by case when other.id = own.id then 1 else 0 end, other.created_at, other.id;

-- name: LiveConnectionOfSameAccounts :one
-- The one that followed a connection that was reset.
select other.id
from connections as own
join connections as other on other.email = own.email and other.mojo_account_id = own.mojo_account_id
where own.id = @id and other.id <> own.id and other.state <> 'reset';

-- name: LockLiveConnection :one
-- The portable "for update": whoever changes a connection or gives it work waits here for whoever did so before.
update connections
set state = state
where id = @id and state <> 'reset'
returning *;

-- name: AskReset :exec
update connections
set reset_asked_at = @now, reset_until = @until
where id = @id and state <> 'reset' and reset_asked_at = 0;

-- name: EndingConnections :many
-- Those whose reset was asked for and isn't done.
select * from connections
where reset_asked_at > 0 and state <> 'reset'
order by reset_until, id
limit cast(@most as bigint);

-- name: CountTokensLeft :exec
update connections
set tokens_left = tokens_left + @tokens
where id = @id;

-- name: SetScopes :exec
update connections
set scopes = @scopes
where id = @id;

-- name: SetTimeZone :execrows
update connections
set time_zone = @time_zone
where id = @id and state <> 'reset';

-- name: SetConnectionState :exec
update connections
set state = @state, since = @since, side = @side, cause = @cause
where id = @id;

-- name: Lease :execrows
update connections
set lease_owner = @owner, lease_until = @until
where id = @id
    and state <> 'reset'
    and lease_owner in ('', @owner);

-- name: Lessee :one
select lease_owner, lease_until
from connections
where id = @id;

-- name: TakeOver :execrows
update connections
set lease_owner = @owner, lease_until = @until
where id = @id
    and state <> 'reset'
    and lease_owner = @from_owner
    and lease_until = @from_until
    and lease_until <= @now;

-- name: Release :exec
update connections
set lease_owner = '', lease_until = 0
where id = @id and lease_owner = @owner;

-- name: DueConnections :many
-- A connection's oldest event that is due counts for all of them. One that is ending gets what help it can, also when a side
-- of it needs a sign-in.
select due.id
from (
    select pushes.connection_id as id, pushes.next_at as at
    from pushes
    where pushes.state in ('waiting', 'sending', 'undoing') and pushes.next_at <= @now
    union all
    select c.id, (
        select events.next_at
        from events
        where events.connection_id = c.id
            and events.state = 'waiting'
            and events.next_at <= @now
            and events.seq = (
                select min(other.seq)
                from events as other
                where other.connection_id = events.connection_id
                    and other.contact_key = events.contact_key
                    and other.finished_at = 0
            )
        order by events.seq
        limit 1
    ) as at
    from connections as c
    where (c.state in ('connected', 'limited') or c.state = 'needs_sign_in' and c.reset_asked_at > 0)
        and c.lease_until <= @now
) as due
join connections on connections.id = due.id
where due.at is not null
    and (connections.state in ('connected', 'limited') or connections.state = 'needs_sign_in' and connections.reset_asked_at > 0)
    and connections.lease_until <= @now
group by due.id
order by min(due.at), due.id
limit cast(@most as bigint);

-- name: ConnectionsByEmail :many
-- Reset ones too, the newest first.
select * from connections
where email = @email
order by created_at desc, id desc
limit cast(@most as bigint);

-- name: ConnectionsWithoutCustom :many
-- Healthy ones that nobody works for, with a link whose custom field is to be written now.
select connections.id
from connections
where connections.state = 'connected'
    and connections.reset_asked_at = 0
    and connections.lease_until <= @now
    and connections.id > @after
    and connections.id in ( -- reads what is to be written alone; with exists, SQLite reads all links
        select links.connection_id
        from links
        where links.mojo_contact_id <> 0 and links.custom_written = false and links.custom_at <= @now
    )
order by connections.id
limit cast(@most as bigint);
