-- name: ConnectionsToTellOf :many
-- Those that have needed a sign-in since before and whose time of it has no notice on the channel yet; not those whose reset was
-- asked for.
select connections.id, connections.since from connections
where connections.state = 'needs_sign_in'
    and connections.reset_asked_at = 0
    and connections.since <= @before
    and not exists (
        select 1 from notices
        where notices.connection_id = connections.id
            and notices.since = connections.since
            and notices.channel = @channel
    )
order by connections.since, connections.id
limit cast(@most as bigint);

-- name: InsertNotice :execrows
insert into notices (id, connection_id, since, channel, state, attempts, next_at, cause, made_at, finished_at)
values (@id, @connection_id, @since, @channel, 'waiting', 0, @now, '', @now, 0)
on conflict (connection_id, since, channel) do nothing;

-- name: DueNotices :many
select id from notices
where finished_at = 0 and next_at <= @now
order by next_at, id
limit cast(@most as bigint);

-- name: LockNotice :one
-- The portable "for update". No row when somebody else was faster.
update notices
set state = state
where id = @id and finished_at = 0 and next_at <= @now
returning *;

-- name: ClaimNotice :exec
update notices
set state = 'sending', attempts = attempts + 1, next_at = @until
where id = @id;

-- name: FinishNotice :execrows
update notices
set state = @state, cause = @cause, finished_at = @now, next_at = 0
where id = @id and attempts = @attempts and finished_at = 0;

-- name: RetryNotice :execrows
update notices
set state = 'waiting', cause = @cause, next_at = @next_at
where id = @id and attempts = @attempts and state = 'sending';

-- name: Notices :many
select * from notices
where connection_id = @connection_id
order by made_at desc, channel, id
limit cast(@most as bigint);
