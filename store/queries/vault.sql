-- name: InsertCanary :exec
insert into vault (id, sealed)
values ('canary', @sealed)
on conflict (id) do nothing;

-- name: Canary :one
select sealed from vault
where id = 'canary';

-- name: SetCanary :exec
update vault
set sealed = @sealed
where id = 'canary';

-- name: AllTokens :many
select * from tokens
order by connection_id, side;

-- name: ForgetTokens :exec
-- They are refused from now on, unless they were before.
update tokens
set access = @access,
    refresh = @refresh,
    expires_at = 0,
    version = version + 1,
    refresh_owner = '',
    refresh_until = 0,
    refused_cause = case when refused_at > 0 then refused_cause else cast(@cause as text) end,
    refused_at = case when refused_at > 0 then refused_at else cast(@now as bigint) end
where connection_id = @connection_id and side = @side;

-- name: AllMojoSides :many
select * from mojo_sides;

-- name: AllWiseSides :many
select * from wise_sides;

-- name: AllConsents :many
select * from consents;

-- name: AllRevocations :many
select * from revocations;
