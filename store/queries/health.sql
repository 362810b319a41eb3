-- name: ForgetHealthAhead :exec
-- What was written while a clock was ahead would count as the latest until then.
delete from health
where connection_id = @connection_id and way = @way and (good_at > @ahead or bad_at > @ahead);

-- name: SaveHealth :exec
-- What is older than what is known changes nothing.
insert into health (connection_id, way, good_at, bad_at, bad_since, cause)
values (@connection_id, @way, @good_at, @bad_at, @bad_since, @cause)
on conflict (connection_id, way) do update
set good_at = case when excluded.good_at > health.good_at then excluded.good_at else health.good_at end,
    bad_at = case when excluded.bad_at > health.bad_at then excluded.bad_at else health.bad_at end,
    bad_since = case
        when excluded.bad_at > excluded.good_at and excluded.bad_at > health.good_at then
            case when health.bad_since > excluded.good_at then health.bad_since else excluded.bad_since end
        when excluded.good_at > health.bad_at then 0
        else health.bad_since
    end,
    cause = case when excluded.bad_at >= health.bad_at then excluded.cause else health.cause end;

-- name: Health :many
select * from health
where connection_id = @connection_id;

-- name: SideStates :many
select side, refused_at, refused_cause from tokens
where connection_id = @connection_id;

-- name: CountRefusedHook :exec
-- A day without one, and the count starts afresh.
insert into refused_hooks (account_id, reason, times, first_at, last_at, behind)
select @account_id, @reason, @times, @at, @at, @behind
from connections
where mojo_account_id = @account_id and state <> 'reset'
on conflict (account_id, reason) do update
set times = case when refused_hooks.last_at < excluded.last_at - 86400000 then excluded.times else refused_hooks.times + excluded.times end,
    first_at = case when refused_hooks.last_at < excluded.last_at - 86400000 then excluded.first_at else refused_hooks.first_at end,
    last_at = excluded.last_at,
    behind = excluded.behind;

-- name: RefusedHooks :many
select * from refused_hooks
where account_id = @account_id;

-- name: DeleteRefusedHooks :execrows
delete from refused_hooks
where last_at < @before;

-- name: NeedsYouReasons :many
select reason, count(*) as events, cast(min(received_at) as bigint) as since
from events
where connection_id = @connection_id and state = 'needs_you'
group by reason
order by count(*) desc, reason
limit cast(@most as bigint);

-- name: CountWaitingContacts :one
select count(*)
from pushes
join push_contacts on push_contacts.push_id = pushes.id
where pushes.connection_id = @connection_id
    and pushes.state in ('waiting', 'sending', 'paused')
    and push_contacts.state in ('waiting', 'creating', 'moving');

-- name: SilentWays :many
-- Of connections that can work, those that were silent the longest ago first.
select health.* from health
join connections on connections.id = health.connection_id
where health.bad_since > 0
    and health.bad_at <= @before
    and health.way in ('wiseagent', 'mojo')
    and connections.state in ('connected', 'limited')
order by health.bad_at, health.connection_id
limit cast(@most as bigint);
