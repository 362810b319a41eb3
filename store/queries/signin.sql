-- name: TouchSignIn :exec
-- Also locks the row, so that two tabs that save the same side come one after the other.
insert into sign_ins (launch_id, expires_at)
values (@launch_id, @expires_at)
on conflict (launch_id) do update
set expires_at = excluded.expires_at;

-- name: SignIn :one
select * from sign_ins
where launch_id = @launch_id;

-- name: LockSignIn :one
-- The portable "for update".
update sign_ins
set expires_at = expires_at
where launch_id = @launch_id
returning *;

-- name: ExpiredSignIns :many
select launch_id from sign_ins
where expires_at <= @now;

-- name: DeleteSignIn :exec
-- The sides go with it.
delete from sign_ins
where launch_id = @launch_id;

-- name: MojoSide :one
select * from mojo_sides
where launch_id = @launch_id;

-- name: DeleteMojoSide :exec
delete from mojo_sides
where launch_id = @launch_id;

-- name: InsertMojoSide :exec
insert into mojo_sides (
    launch_id, account_id, account_name, account_url, agent_id, agent_name, agent_email, permission, login,
    access, refresh, token_type, expires_at
)
values (
    @launch_id, @account_id, @account_name, @account_url, @agent_id, @agent_name, @agent_email, @permission, @login,
    @access, @refresh, @token_type, @expires_at
);

-- name: WiseSide :one
select * from wise_sides
where launch_id = @launch_id;

-- name: DeleteWiseSide :exec
delete from wise_sides
where launch_id = @launch_id;

-- name: InsertWiseSide :exec
insert into wise_sides (launch_id, email, name, scopes, access, refresh, token_type, expires_at, unconfirmed)
values (@launch_id, @email, @name, @scopes, @access, @refresh, @token_type, @expires_at, @unconfirmed);

-- name: ConfirmWiseSide :exec
update wise_sides
set unconfirmed = false
where launch_id = @launch_id;

-- name: InsertConsent :exec
insert into consents (state_hash, launch_id, session_id, verifier, expires_at)
values (@state_hash, @launch_id, @session_id, @verifier, @expires_at);

-- name: TakeConsent :one
delete from consents
where state_hash = @state_hash
returning *;

-- name: DeleteConsents :execrows
delete from consents
where expires_at <= @now;
