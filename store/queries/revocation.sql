-- name: InsertRevocation :exec
insert into revocations (id, connection_id, side, hint, token, attempts, next_at, give_up_at)
values (@id, @connection_id, @side, @hint, @token, 0, @next_at, @give_up_at);

-- name: ReleaseRevocations :exec
-- Those that were held back until the connection's end.
update revocations
set next_at = @now, give_up_at = @give_up_at
where connection_id = @connection_id and next_at = @held;

-- name: MoveRevocations :exec
-- Those of one side that are held back.
update revocations
set connection_id = @heir
where connection_id = @connection_id and side = @side and next_at = @held;

-- name: DueRevocations :many
select id from revocations
where next_at <= @now
order by next_at, id
limit cast(@most as bigint);

-- name: ClaimRevocation :one
-- No row when somebody else was faster.
update revocations
set next_at = @until
where id = @id and next_at <= @now
returning *;

-- name: DeleteRevocation :exec
delete from revocations
where id = @id;

-- name: RetryRevocation :exec
update revocations
set attempts = attempts + 1, next_at = @next_at
where id = @id;

-- name: CountRevocations :one
select count(*) from revocations
where connection_id = @connection_id and next_at < @held;

-- name: DeleteRevocations :many
delete from revocations
where give_up_at <= @now
returning connection_id, side, hint;
