-- name: InsertReconnectLink :exec
insert into reconnect_links (hash, connection_id, made_at, expires_at)
values (@hash, @connection_id, @made_at, @expires_at);

-- name: ConnectionOfReconnectLink :one
select connections.*
from reconnect_links
join connections on connections.id = reconnect_links.connection_id
where reconnect_links.hash = @hash
    and reconnect_links.expires_at > @now
    and connections.state <> 'reset'
    and connections.reset_asked_at = 0;

-- name: EndReconnectLinks :exec
delete from reconnect_links
where connection_id = @connection_id;

-- name: DeleteReconnectLinks :execrows
delete from reconnect_links
where expires_at <= @now
    or exists (select 1 from connections where connections.id = reconnect_links.connection_id and connections.state = 'reset');
