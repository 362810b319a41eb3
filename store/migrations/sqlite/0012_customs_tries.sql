-- Conventions as in 0001.

-- +goose Up

-- Ids that Wise Agent doesn't take wait longer and longer, so that each has its turn.
alter table links add column custom_tries bigint not null default 0; -- failed ones, of this Mojo id
alter table links add column custom_at bigint not null default 0; -- not to be tried before

drop index links_without_custom;
create index links_without_custom on links (connection_id, custom_written, custom_at, client_id) where mojo_contact_id <> 0 and custom_written = false;

-- +goose Down

drop index links_without_custom;
alter table links drop column custom_at;
alter table links drop column custom_tries;
create index links_without_custom on links (connection_id, custom_written, client_id) where mojo_contact_id <> 0 and custom_written = false;
