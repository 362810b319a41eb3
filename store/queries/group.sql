-- name: Groups :many
select
    mojo_groups.group_id,
    mojo_groups.name,
    mojo_groups.contacts,
    mojo_groups.is_lead,
    cast(coalesce(used.at, 0) as bigint) as used_at,
    cast(coalesce(used.finished_at, 0) as bigint) as finished_at,
    cast(coalesce(used.undone_at, 0) as bigint) as undone_at
from mojo_groups
left join (
    select
        group_id,
        max(created_at) as at,
        max(finished_at) as finished_at,
        max(undone_at) as undone_at
    from pushes
    where pushes.connection_id = @connection_id
    group by group_id
) as used on used.group_id = mojo_groups.group_id
where mojo_groups.connection_id = @connection_id;

-- name: GroupsAt :one
select groups_at from connections
where id = @id;

-- name: SetGroupsAt :exec
update connections
set groups_at = @groups_at
where id = @id;

-- name: DeleteGroups :exec
delete from mojo_groups
where connection_id = @connection_id;
