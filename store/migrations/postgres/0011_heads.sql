-- Conventions as in 0001.

-- +goose Up

-- The first of a contact's that wait is found by reading what waits, see heads in delivery.go.
drop index events_waiting;

-- +goose Down

create index events_waiting on events (connection_id, contact_key, seq) where finished_at = 0;
