-- name: InsertPush :execrows
insert into pushes (
    id, connection_id, launch_id, group_id, group_name, include_do_not_call, state, cause, run, total, attempts,
    next_at, created_at, started_at, finished_at, undo_asked_at, undone_at, stop_asked_at, turn
)
values (
    @id, @connection_id, @launch_id, @group_id, @group_name, @include_do_not_call, 'waiting', '', 1, @total, 0,
    @next_at, @created_at, 0, 0, 0, 0, 0, 0
)
on conflict (id) do nothing;

-- name: Push :one
select * from pushes
where id = @id;

-- name: LockPush :one
-- The portable "for update".
update pushes
set state = state
where id = @id
returning *;

-- name: Pushes :many
select * from pushes
where connection_id = @connection_id
order by created_at desc, id desc
limit cast(@most as bigint);

-- name: DuePushes :many
select * from pushes
where connection_id = @connection_id
    and state in ('waiting', 'sending', 'undoing')
    and next_at <= @now
order by created_at, id;

-- name: PushAhead :one
-- What is at work goes before what waits; of both, what was due first.
select * from pushes
where connection_id = @connection_id
    and id <> @id
    and (
        state in ('sending', 'undoing')
        or state = 'waiting' and (created_at < @created_at or created_at = @created_at and id < @id)
    )
order by case when state = 'waiting' then 1 else 0 end, next_at, created_at, id
limit 1;

-- name: PushSince :one
-- The push that was taken up after another one's turn began: that one isn't at work any more, or not yet.
select * from pushes
where connection_id = @connection_id
    and id <> @id
    and state in ('sending', 'undoing')
    and turn > @turn
order by turn desc
limit 1;

-- name: LastTurn :one
select cast(coalesce(max(turn), 0) as bigint) from pushes
where connection_id = @connection_id;

-- name: SavePush :exec
update pushes
set state = @state,
    cause = @cause,
    run = @run,
    attempts = @attempts,
    next_at = @next_at,
    started_at = @started_at,
    finished_at = @finished_at,
    undo_asked_at = @undo_asked_at,
    undone_at = @undone_at,
    stop_asked_at = @stop_asked_at,
    turn = @turn
where id = @id;

-- name: ResumePushes :exec
-- A push that was paused while it was being undone goes on being undone.
update pushes
set state = case when undo_asked_at > 0 then 'undoing' else 'waiting' end,
    cause = '',
    attempts = 0,
    next_at = @now
where connection_id = @connection_id and state = 'paused';

-- name: LockPushes :exec
-- The portable "for update", before their contacts: a worker that marks a push has it locked, too.
update pushes
set state = state
where connection_id = @connection_id and state in ('waiting', 'sending', 'paused', 'undoing');

-- name: StopPushes :exec
update pushes
set state = 'stopped', cause = @cause, finished_at = @now
where connection_id = @connection_id and state in ('waiting', 'sending', 'paused', 'undoing');

-- name: FailOpenContacts :exec
update push_contacts
set state = 'failed',
    reason = case when state = 'waiting' then cast(@reason as text) else cast(@doubtful_reason as text) end,
    doubt = case when state = 'waiting' then '' else state end
where push_id = @push_id and state in ('waiting', 'creating', 'moving');

-- name: FailOpenContactsOfConnection :exec
update push_contacts
set state = 'failed',
    reason = case when state = 'waiting' then cast(@reason as text) else cast(@doubtful_reason as text) end,
    doubt = case when state = 'waiting' then '' else state end
where state in ('waiting', 'creating', 'moving')
    and push_id in (
        select id from pushes
        where connection_id = @connection_id and state in ('waiting', 'sending', 'paused', 'undoing')
    );

-- name: RetryContacts :execrows
-- Those in doubt are so again: Mojo may have them.
update push_contacts
set state = case when doubt = '' then 'waiting' else doubt end, reason = '', doubt = '', run = @run
where push_id = @push_id and state = 'failed';

-- name: CountContacts :many
-- Unsent are those that failed because the push stopped before it was their turn: with its cause, or with the one of a customer's
-- stop, which an Undo leaves.
select
    push_contacts.state,
    push_contacts.run,
    count(*) as contacts,
    cast(sum(
        case
            when push_contacts.state <> 'failed' then 0
            when push_contacts.reason = cast(@customers_stop as text) then 1
            when pushes.state = 'stopped' and push_contacts.reason = pushes.cause then 1
            else 0
        end
    ) as bigint) as unsent
from push_contacts
join pushes on pushes.id = push_contacts.push_id
where push_contacts.push_id = @push_id
group by push_contacts.state, push_contacts.run;

-- name: CountContactsOfPushes :many
-- Of the same pushes as the query Pushes. Unsent are those of CountContacts.
select
    push_contacts.push_id,
    push_contacts.state,
    count(*) as contacts,
    cast(sum(
        case
            when push_contacts.state <> 'failed' then 0
            when push_contacts.reason = cast(@customers_stop as text) then 1
            when pushes.state = 'stopped' and push_contacts.reason = pushes.cause then 1
            else 0
        end
    ) as bigint) as unsent
from push_contacts
join pushes on pushes.id = push_contacts.push_id
where push_contacts.push_id in (
    select latest.id from pushes as latest
    where latest.connection_id = @connection_id
    order by latest.created_at desc, latest.id desc
    limit cast(@most as bigint)
)
group by push_contacts.push_id, push_contacts.state;

-- name: PushContacts :many
-- States are given as ',waiting,failed,'; '' is all of them.
select * from push_contacts
where push_id = @push_id
    and position > @after
    and (cast(@states as text) = '' or cast(@states as text) like '%,' || state || ',%')
order by position
limit cast(@most as bigint);

-- name: CountUnderway :one
-- Of open pushes, those that may have brought the contact to Mojo and don't know yet.
select count(*)
from pushes
join push_contacts on push_contacts.push_id = pushes.id
where pushes.connection_id = @connection_id
    and pushes.state in ('waiting', 'sending', 'paused')
    and push_contacts.api_contact_id = @api_contact_id
    and push_contacts.state in ('creating', 'moving');
