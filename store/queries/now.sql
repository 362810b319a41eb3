-- name: SignInsNeeded :many
select side, cause, count(*) as accounts, cast(min(since) as bigint) as since
from connections
where state = 'needs_sign_in'
group by side, cause
order by count(*) desc, side, cause
limit cast(@most as bigint);

-- name: SidesSilent :many
select health.way, health.cause, count(*) as accounts, cast(min(health.bad_since) as bigint) as since
from health
join connections on connections.id = health.connection_id
where health.bad_since > 0 and connections.state in ('connected', 'limited')
group by health.way, health.cause
order by count(*) desc, health.way, health.cause
limit cast(@most as bigint);

-- name: DeliveriesStuck :many
select events.reason, count(*) as events, count(distinct events.connection_id) as accounts, cast(min(events.received_at) as bigint) as since
from events
join connections on connections.id = events.connection_id and connections.state <> 'reset'
where events.state = 'needs_you'
group by events.reason
order by count(*) desc, events.reason
limit cast(@most as bigint);

-- name: PushesStopped :many
select pushes.cause, count(*) as pushes, count(distinct pushes.connection_id) as accounts, cast(min(pushes.finished_at) as bigint) as since
from pushes
join connections on connections.id = pushes.connection_id and connections.state <> 'reset'
where pushes.state = 'stopped' and pushes.finished_at >= @from_time and pushes.stop_asked_at = 0 -- else the customer stopped it
group by pushes.cause
order by count(*) desc, pushes.cause
limit cast(@most as bigint);

-- name: HooksRefused :many
-- Those of accounts whose last good hook came before the last refused one.
select
    refused_hooks.reason,
    cast(sum(refused_hooks.times) as bigint) as hooks,
    count(*) as accounts,
    cast(min(refused_hooks.first_at) as bigint) as since
from refused_hooks
join connections on connections.mojo_account_id = refused_hooks.account_id and connections.state <> 'reset'
left join health on health.connection_id = connections.id and health.way = 'hooks'
where refused_hooks.last_at >= @from_time and (health.good_at is null or health.good_at < refused_hooks.last_at)
group by refused_hooks.reason
order by refused_hooks.reason;

-- name: RevocationsFailing :many
select side, count(*) as tokens, cast(max(attempts) as bigint) as attempts, cast(min(give_up_at) as bigint) as give_up_at
from revocations
where attempts > 0
group by side
order by side;

-- name: WhoNeedsSignIn :many
select id from connections
where state = 'needs_sign_in' and side = @side and cause = @cause
order by since, id
limit cast(@most as bigint);

-- name: WhoIsSilent :many
select health.connection_id
from health
join connections on connections.id = health.connection_id
where health.way = @way and health.bad_since > 0 and health.cause = @cause and connections.state in ('connected', 'limited')
order by health.bad_since, health.connection_id
limit cast(@most as bigint);

-- name: WhoIsStuck :many
select distinct events.connection_id from events
join connections on connections.id = events.connection_id and connections.state <> 'reset'
where events.state = 'needs_you' and events.reason = @reason
order by events.connection_id
limit cast(@most as bigint);

-- name: WhosePushStopped :many
select distinct pushes.connection_id from pushes
join connections on connections.id = pushes.connection_id and connections.state <> 'reset'
where pushes.state = 'stopped' and pushes.finished_at >= @from_time and pushes.cause = @cause and pushes.stop_asked_at = 0
order by pushes.connection_id
limit cast(@most as bigint);

-- name: WhoseHooksAreRefused :many
select connections.id
from refused_hooks
join connections on connections.mojo_account_id = refused_hooks.account_id and connections.state <> 'reset'
left join health on health.connection_id = connections.id and health.way = 'hooks'
where refused_hooks.reason = @reason
    and refused_hooks.last_at >= @from_time
    and (health.good_at is null or health.good_at < refused_hooks.last_at)
order by connections.id
limit cast(@most as bigint);
