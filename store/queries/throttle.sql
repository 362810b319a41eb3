-- name: NextTry :one
-- No row where nothing was tried.
select next_at from throttles
where key = @key;

-- name: CountTry :one
-- No row when it isn't time yet.
insert into throttles (key, tries, first_at, next_at, until_at)
values (@key, 1, @now, @now, @until)
on conflict (key) do update
set tries = case when throttles.until_at <= excluded.first_at then 1 else throttles.tries + 1 end,
    first_at = case when throttles.until_at <= excluded.first_at then excluded.first_at else throttles.first_at end,
    until_at = case when throttles.until_at <= excluded.first_at then excluded.until_at else throttles.until_at end
where throttles.next_at <= excluded.first_at
returning tries;

-- name: SetNextTry :exec
update throttles
set next_at = @next_at
where key = @key;

-- name: UncountTry :exec
update throttles
set tries = case when tries > 0 then tries - 1 else 0 end,
    next_at = @now
where key = @key;

-- name: Forgive :exec
delete from throttles
where key = @key;

-- name: DeleteThrottles :execrows
delete from throttles
where until_at <= @now and next_at <= @now;
