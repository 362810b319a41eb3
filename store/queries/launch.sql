-- name: InsertLaunch :exec
insert into launches (id, code, email, signed, contacts, connection_id, created_at)
values (@id, @code, @email, @signed, @contacts, @connection_id, @created_at);

-- name: InsertNonce :execrows
insert into nonces (nonce, until_at)
values (@nonce, @until_at)
on conflict (nonce) do nothing;

-- name: Launch :one
select * from launches
where id = @id;

-- name: DeleteNonces :execrows
delete from nonces
where until_at <= @now;

-- name: DeleteLaunches :execrows
delete from launches
where created_at < @before
    and not exists (select 1 from sign_ins where sign_ins.launch_id = launches.id);
