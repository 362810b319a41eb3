-- Conventions as in 0001.

-- +goose Up

-- A push asks for the edits of each of its contacts that wait, or that were written since it read the contact.
create index events_edits on events (connection_id, contact_key, finished_at) where type = 'contact.updated';

-- +goose Down

drop index events_edits;
