-- name: CountConnections :many
select state, count(*) as connections
from connections
group by state;

-- name: CountWaiting :many
-- By the state of their connections. The index events_waiting has those that wait and no others.
select waiting.state, waiting.events, events.received_at as since
from (
    select connections.state, cast(sum(each.events) as bigint) as events, cast(min(each.first_seq) as bigint) as first_seq
    from (
        select connection_id, count(*) as events, min(seq) as first_seq
        from events
        where finished_at = 0
        group by connection_id
    ) as each
    join connections on connections.id = each.connection_id
    group by connections.state
) as waiting
join events on events.seq = waiting.first_seq;

-- name: CountAllRevocations :many
-- Without those that wait for the end of their connection.
select side, count(*) as tokens
from revocations
where next_at < @held
group by side;
