-- Conventions as in 0001.

-- +goose Up

-- Events that may be in Wise Agent although nobody saw the answer: what follows about the same contact looks for them. They are few.
create index events_doubtful on events (connection_id, contact_key) where doubt;

-- +goose Down

drop index events_doubtful;
