-- name: InsertAudit :exec
insert into audits (id, at, who, role, action, connection_id, launch_id, detail)
values (@id, @at, @who, @role, @action, @connection_id, @launch_id, @detail);

-- name: Audits :many
-- The five that follow differ in the index that gives the rows in order: audits' own, by who, by action, by both, by connection.
select a.*
from audits as a
where a.id >= @since and a.id < @before
    and (cast(@words as text) = ''
        or replace(lower(a.detail), @words, '') <> lower(a.detail)
        or exists (select 1 from connections as c where c.id = a.connection_id and replace(c.email, @words, '') <> c.email))
order by a.id desc
limit cast(@most as bigint);

-- name: AuditsByWho :many
select a.*
from audits as a
where a.who = @who
    and a.id >= @since and a.id < @before
    and (cast(@words as text) = ''
        or replace(lower(a.detail), @words, '') <> lower(a.detail)
        or exists (select 1 from connections as c where c.id = a.connection_id and replace(c.email, @words, '') <> c.email))
order by a.id desc
limit cast(@most as bigint);

-- name: AuditsByAction :many
select a.*
from audits as a
where a.action = @action
    and a.id >= @since and a.id < @before
    and (cast(@words as text) = ''
        or replace(lower(a.detail), @words, '') <> lower(a.detail)
        or exists (select 1 from connections as c where c.id = a.connection_id and replace(c.email, @words, '') <> c.email))
order by a.id desc
limit cast(@most as bigint);

-- name: AuditsByWhoAndAction :many
select a.*
from audits as a
where a.who = @who and a.action = @action
    and a.id >= @since and a.id < @before
    and (cast(@words as text) = ''
        or replace(lower(a.detail), @words, '') <> lower(a.detail)
        or exists (select 1 from connections as c where c.id = a.connection_id and replace(c.email, @words, '') <> c.email))
order by a.id desc
limit cast(@most as bigint);

-- name: AuditsByConnection :many
-- An account has few: the rest is looked at row by row.
select a.*
from audits as a
where a.connection_id = @connection_id
    and a.id >= @since and a.id < @before
    and (cast(@who as text) = '' or a.who = @who)
    and (cast(@action as text) = '' or a.action = @action)
    and (cast(@words as text) = '' or replace(lower(a.detail), @words, '') <> lower(a.detail))
order by a.id desc
limit cast(@most as bigint);

-- name: AuditPlace :one
-- The line that stands behind so many others. These five differ like the five before.
select a.id
from audits as a
where a.id >= @since and a.id < @before
order by a.id desc
limit 1 offset cast(@skip as bigint);

-- name: AuditPlaceByWho :one
select a.id
from audits as a
where a.who = @who and a.id >= @since and a.id < @before
order by a.id desc
limit 1 offset cast(@skip as bigint);

-- name: AuditPlaceByAction :one
select a.id
from audits as a
where a.action = @action and a.id >= @since and a.id < @before
order by a.id desc
limit 1 offset cast(@skip as bigint);

-- name: AuditPlaceByWhoAndAction :one
select a.id
from audits as a
where a.who = @who and a.action = @action and a.id >= @since and a.id < @before
order by a.id desc
limit 1 offset cast(@skip as bigint);

-- name: AuditPlaceByConnection :one
select a.id
from audits as a
where a.connection_id = @connection_id and a.id >= @since and a.id < @before
order by a.id desc
limit 1 offset cast(@skip as bigint);

-- name: InsertStaffLink :exec
insert into staff_links (token_hash, email, role, expires_at)
values (@token_hash, @email, @role, @expires_at);

-- name: StaffLink :one
select * from staff_links
where token_hash = @token_hash and expires_at > @now;

-- name: TakeStaffLink :one
delete from staff_links
where token_hash = @token_hash and expires_at > @now
returning *;

-- name: DeleteStaffLinks :execrows
delete from staff_links
where expires_at <= @now;
