-- name: TakeTurn :one
-- Lasts until the commit. The numbers from last - more + 1 on are the taker's.
update turns
set last = last + @more
where name = @name
returning last;

-- name: EventByWebhook :one
select * from events
where webhook_id = @webhook_id and webhook_id <> '';

-- name: Event :one
select * from events
where id = @id;

-- name: DueEvents :many
-- The first of each contact's that wait, if it is due. The index events_state gives those that wait in order, events_waiting
-- the first of a contact.
select e.*
from events as e
where e.connection_id = @connection_id
    and e.state = 'waiting'
    and e.next_at <= @now
    and e.seq = (
        select min(other.seq)
        from events as other
        where other.connection_id = e.connection_id
            and other.contact_key = e.contact_key
            and other.finished_at = 0
    )
order by e.seq
limit cast(@most as bigint);

-- name: EventsInState :many
select * from events
where connection_id = @connection_id and state = @state and seq < @before
order by seq desc
limit cast(@most as bigint);

-- name: CountEvents :many
select state, count(*) as events
from events
where connection_id = @connection_id
group by state;

-- name: LastCall :one
select cast(coalesce(max(finished_at), 0) as bigint) as at
from events
where connection_id = @connection_id and state = 'written' and type = 'call.completed';

-- name: OldestWaiting :one
select received_at
from events
where connection_id = @connection_id and state = 'waiting'
order by seq
limit 1;

-- name: RetryEvents :execrows
-- One, or all ('') of them.
update events
set state = 'waiting', reason = '', attempts = 0, next_at = @now, finished_at = 0
where connection_id = @connection_id
    and state = 'needs_you'
    and received_at >= @since
    and (cast(@id as text) = '' or id = @id);

-- name: ResumeEvents :exec
update events
set next_at = @now
where connection_id = @connection_id and state = 'waiting' and next_at > @now;

-- name: ExcludeEvents :exec
update events
set state = 'excluded', reason = @reason, finished_at = @now
where connection_id = @connection_id and state = 'waiting';

-- name: ExcludeOldEvents :execrows
update events
set state = 'excluded', reason = @reason, finished_at = @now
where state = 'waiting' and finished_at = 0 and received_at < @before;

-- name: ForgetEvents :execrows
-- What is finished later loses its body then, see FinishEvent.
update events
set webhook_id = '',
    body = case when state in ('written', 'excluded') then '' else body end
where seq in (
    select old.seq
    from events as old
    where old.webhook_id <> '' and old.received_at <= @until
    order by old.received_at
    limit cast(@most as bigint)
);

-- name: HurryEvents :exec
update events
set next_at = @now
where connection_id = @connection_id and contact_key = @contact_key and finished_at = 0 and next_at > @now;
