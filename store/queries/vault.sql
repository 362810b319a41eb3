-- name: InsertCanary :exec
insert into vault (id, sealed)
values ('canary', @sealed)
on conflict (id) do nothing;

-- name: Canary :one
select sealed from vault
where id = 'canary';
