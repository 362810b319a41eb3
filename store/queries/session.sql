-- name: Session :one
select * from sessions
where id = @id and expires_at > @now;

-- name: InsertSession :exec
insert into sessions (id, data, email, created_at, seen_at, expires_at)
values (@id, @data, @email, @created_at, @seen_at, @expires_at);

-- name: UpdateSession :execrows
update sessions
set data = @data,
    email = @email,
    seen_at = @seen_at,
    expires_at = @expires_at
where id = @id;

-- name: DeleteSession :exec
delete from sessions
where id = @id;

-- name: EndSessions :execrows
delete from sessions
where email = @email;

-- name: DeleteSessions :execrows
delete from sessions
where expires_at <= @now;

-- name: CountSessions :one
select count(*) from sessions
where email = @email and expires_at > @now;
