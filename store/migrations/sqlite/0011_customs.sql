-- Conventions as in 0001.

-- +goose Up

-- Links whose Mojo id is still to be kept in Wise Agent: few of many, and looked for every few minutes.
-- custom_written is in it so that SQLite takes it rather than the primary key.
create index links_without_custom on links (connection_id, custom_written, client_id) where mojo_contact_id <> 0 and custom_written = false;

-- +goose Down

drop index links_without_custom;
