-- name: TakeTurn :exec
-- Lasts until the commit.
update turns
set last = last
where name = @name;

-- name: EventByWebhook :one
select * from events
where webhook_id = @webhook_id and webhook_id <> '';

-- name: Event :one
select * from events
where id = @id;

-- name: DueContacts :many
-- Those whose first event that waits is due; what Mojo tells of an end is no delivery. The index events_state gives the events that
-- wait in order, events_waiting the first of a contact. Busy are the contact keys that are left out, as in <1001><1002>: to look for a
-- text in another, "replace" is what both engines know.
select e.contact_key
from events as e
where e.connection_id = @connection_id
    and e.state = 'waiting'
    and e.type <> 'account.disconnected'
    and e.next_at <= @now
    and replace(cast(@busy as text), '<' || e.contact_key || '>', '') = cast(@busy as text)
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

-- name: EventNames :many
select seq, id, contact_name from events
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

-- name: RetellEvent :exec
-- What was told of one that needs a person is replaced, unless it may be written, as a whole or in part.
update events
set body = @body, contact_name = @contact_name, api_contact_id = @api_contact_id
where id = @id and connection_id = @connection_id and state = 'needs_you' and not doubt and result_id = '';

-- name: ResumeEvents :exec
update events
set next_at = @now
where connection_id = @connection_id and state = 'waiting' and next_at > @now;

-- name: DoubtfulEvents :many
-- Those that are over and may be written all the same.
select * from events
where connection_id = @connection_id and contact_key = @contact_key and doubt and state in ('needs_you', 'excluded')
order by seq;

-- name: ExcludeEventsUnderWay :exec
-- Those that may be written already: in doubt, or claimed and the first of their contact's. An event is claimed when it comes, but
-- nobody delivers one before its turn.
update events
set state = 'excluded', reason = @reason, finished_at = @now, doubt = true, body = case when webhook_id = '' then '' else body end
where events.connection_id = @connection_id
    and events.state = 'waiting'
    and (
        events.doubt
        or events.claimed_by <> '' and events.seq = (
            select min(other.seq)
            from events as other
            where other.connection_id = events.connection_id
                and other.contact_key = events.contact_key
                and other.finished_at = 0
        )
    );

-- name: ExcludeEvents :exec
update events
set state = 'excluded', reason = @reason, finished_at = @now, body = case when webhook_id = '' then '' else body end
where connection_id = @connection_id and state = 'waiting';

-- name: Disconnects :many
-- What Mojo told of an end that nobody has acted on.
select * from events
where state = 'waiting' and type = 'account.disconnected'
order by seq
limit cast(@most as bigint);

-- name: SomethingWaits :one
select cast(count(*) as bigint) as events
from (
    select seq from events
    where connection_id = @connection_id and state = 'waiting' and type <> 'account.disconnected'
    limit 1
) as first;

-- name: CountEnded :one
-- What became of events since the reset was asked for.
select
    cast(coalesce(sum(case when state = 'written' then 1 else 0 end), 0) as bigint) as delivered,
    cast(coalesce(sum(case when state = 'excluded' and reason in (@reason, @doubtful_reason) then 1 else 0 end), 0) as bigint) as excluded
from events
where connection_id = @connection_id
    and state in ('written', 'excluded')
    and finished_at >= @since
    and type <> 'account.disconnected';

-- name: ExcludeOldEvents :execrows
-- What was retried has waited since then. An end that Mojo told of is acted on however late.
update events
set state = 'excluded',
    reason = case when doubt then cast(@doubtful_reason as text) else cast(@reason as text) end,
    finished_at = @now,
    body = case when webhook_id = '' then '' else body end
where state = 'waiting'
    and finished_at = 0
    and received_at < @before
    and next_at < @before
    and type <> 'account.disconnected';

-- name: Forgotten :one
select seq from forgotten;

-- name: LastOldEvent :one
-- The last event that was received at @old or before, of those before the first one after @after that was received since and not in
-- the future; 0 when there is none.
select cast(coalesce((
    select e.seq
    from events as e
    where e.seq > @after
        and e.received_at <= @old
        and e.seq < coalesce(
            (
                select young.seq
                from events as young
                where young.seq > @after and young.received_at > @old and young.received_at <= @now
                order by young.seq
                limit 1
            ),
            9223372036854775807
        )
    order by e.seq desc
    limit 1
), 0) as bigint) as seq;

-- name: ForgetEvents :execrows
-- What is finished later loses its body then, see FinishEvent. An event of an account that isn't connected is on nobody's page.
update events
set webhook_id = '',
    contact_name = case when connection_id = '' then '' else contact_name end,
    api_contact_id = case when connection_id = '' then '' else api_contact_id end,
    body = case when state in ('written', 'excluded') then '' else body end
where events.seq > @after and events.seq <= @upto;

-- name: SetForgotten :exec
update forgotten
set seq = @upto;

-- name: HurryEvents :exec
update events
set next_at = @now
where connection_id = @connection_id and contact_key = @contact_key and finished_at = 0 and next_at > @now;
