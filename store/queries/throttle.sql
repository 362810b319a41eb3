-- name: Throttle :one
select * from throttles
where key = @key;

-- name: CountFailure :one
insert into throttles (key, failures, first_at, next_at, until_at)
values (@key, 1, @now, @now, @until)
on conflict (key) do update
set failures = case when throttles.until_at <= excluded.first_at then 1 else throttles.failures + 1 end,
    first_at = case when throttles.until_at <= excluded.first_at then excluded.first_at else throttles.first_at end,
    until_at = case when throttles.until_at <= excluded.first_at then excluded.until_at else throttles.until_at end
returning *;

-- name: SetThrottle :exec
update throttles
set next_at = @next_at
where key = @key;

-- name: Forgive :exec
delete from throttles
where key = @key;

-- name: DeleteThrottles :execrows
delete from throttles
where until_at <= @now and next_at <= @now;
