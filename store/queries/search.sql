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

-- name: ConnectionsByWords :many
-- Of the first looked rows of one range of words, those that have a word in each of the other ranges too, in no order: it stops
-- at most of them. Of a range that isn't wanted the first word is ''.
select distinct found.connection_id
from (
    select own.connection_id from account_words as own
    where own.word >= @first and own.word < @last
    limit cast(@looked as bigint)
) as found
where (cast(@first2 as text) = '' or exists (
        select 1 from account_words as w2
        where w2.connection_id = found.connection_id and w2.word >= @first2 and w2.word < @last2
    ))
    and (cast(@first3 as text) = '' or exists (
        select 1 from account_words as w3
        where w3.connection_id = found.connection_id and w3.word >= @first3 and w3.word < @last3
    ))
    and (cast(@first4 as text) = '' or exists (
        select 1 from account_words as w4
        where w4.connection_id = found.connection_id and w4.word >= @first4 and w4.word < @last4
    ))
    and (cast(@first5 as text) = '' or exists (
        select 1 from account_words as w5
        where w5.connection_id = found.connection_id and w5.word >= @first5 and w5.word < @last5
    ))
    and (cast(@first6 as text) = '' or exists (
        select 1 from account_words as w6
        where w6.connection_id = found.connection_id and w6.word >= @first6 and w6.word < @last6
    ))
limit cast(@most as bigint);

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
