-- name: SetTokens :exec
-- Tokens of a new sign-in: whatever was known about the old ones is over.
insert into tokens (
    connection_id, side, access, refresh, token_type, expires_at,
    version, refresh_owner, refresh_until, refused_at, refused_cause, refreshed_at
)
values (@connection_id, @side, @access, @refresh, @token_type, @expires_at, 1, '', 0, 0, '', 0)
on conflict (connection_id, side) do update
set access = excluded.access,
    refresh = excluded.refresh,
    token_type = excluded.token_type,
    expires_at = excluded.expires_at,
    version = tokens.version + 1,
    refresh_owner = '',
    refresh_until = 0,
    refused_at = 0,
    refused_cause = '',
    refreshed_at = 0;

-- name: Tokens :one
select * from tokens
where connection_id = @connection_id and side = @side;

-- name: TokensOfConnection :many
select * from tokens
where connection_id = @connection_id
order by refused_at, side;

-- name: LeaseRefresh :execrows
update tokens
set refresh_owner = @owner, refresh_until = @until
where connection_id = @connection_id
    and side = @side
    and version = @version
    and (refresh_owner = @owner or refresh_until <= @now);

-- name: FreeRefresh :exec
update tokens
set refresh_owner = '', refresh_until = 0
where connection_id = @connection_id and side = @side and refresh_owner = @owner;

-- name: SaveRefreshed :execrows
update tokens
set access = @access,
    refresh = @refresh,
    token_type = @token_type,
    expires_at = @expires_at,
    version = version + 1,
    refresh_owner = '',
    refresh_until = 0,
    refused_at = 0,
    refused_cause = '',
    refreshed_at = @now
where connection_id = @connection_id and side = @side and version = @version;

-- name: RefuseTokens :execrows
update tokens
set refused_at = @now, refused_cause = @cause, refresh_owner = '', refresh_until = 0
where connection_id = @connection_id and side = @side and version = @version;

-- name: DeleteTokens :exec
delete from tokens
where connection_id = @connection_id;

-- name: DeleteTokensOfSide :exec
delete from tokens
where connection_id = @connection_id and side = @side;
