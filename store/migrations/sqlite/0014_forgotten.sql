-- Conventions as in 0001.

-- +goose Up

-- Every event that comes dirties a page of each index. They come in order, so those that are old enough to forget are the next ones
-- after those forgotten before.
drop index events_received;
create table forgotten (
    seq bigint not null -- of the last event whose webhook-id was forgotten
);
insert into forgotten (seq) values (0);

-- SQLite numbers events by itself, one more than the highest: none is ever deleted. On turns nothing is counted any more.

-- +goose Down

update turns
set last = coalesce((select max(seq) from events), 0)
where name = 'receive';
drop table forgotten;
create index events_received on events (received_at) where webhook_id <> '';
