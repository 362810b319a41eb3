-- name: AddWord :exec
insert into account_words (word, connection_id)
values (@word, @connection_id)
on conflict (word, connection_id) do nothing;

-- name: DeleteWords :exec
delete from account_words
where connection_id = @connection_id;

-- name: SetHasWords :exec
update connections
set has_words = true
where id = @id;

-- name: WordlessConnections :many
select * from connections
where not has_words
order by id
limit cast(@most as bigint);

-- name: CountWords :one
-- Of a range, counted up to most.
select count(*) from (
    select 1 as one from account_words
    where word >= @first and word < @last
    limit cast(@most as bigint)
) as found;

-- name: ConnectionsByWord :many
select distinct connection_id from account_words
where word >= @first and word < @last
limit cast(@most as bigint);

-- name: ConnectionsByTwoWords :many
-- Of the first @most with the one word, those that have the other, too.
select found.connection_id
from (
    select distinct one.connection_id
    from account_words as one
    where one.word >= @first and one.word < @last
    limit cast(@most as bigint)
) as found
where exists (
    select 1
    from account_words as other
    where other.connection_id = found.connection_id and other.word >= @other_first and other.word < @other_last
);

-- name: HasWord :one
-- 0 or 1.
select count(*) from (
    select 1 as one from account_words
    where connection_id = @connection_id and word >= @first and word < @last
    limit 1
) as found;

-- name: LaunchByCode :one
select * from launches
where code = @code;

-- name: LaunchesByEmail :many
select * from launches
where email = @email
order by created_at desc, id desc
limit cast(@most as bigint);

-- name: SetLaunchEmail :exec
-- Of an unsigned launch, once it is known whose it is.
update launches
set email = @email
where id = @id and not signed and email <> @email;
