-- Conventions as in 0001.

-- +goose Up

-- Links whose Mojo id is still to be kept in Wise Agent: few of many, and looked for every few minutes.
create index links_without_custom on links (connection_id, client_id) where mojo_contact_id <> 0 and not custom_written;

-- +goose Down

drop index links_without_custom;
