-- Conventions as in 0001.

-- +goose Up

-- stop_asked_at: when the customer asked for the push to be stopped; 0 when not, and again once it goes on.
alter table pushes add column stop_asked_at bigint not null default 0;
-- turn: rises within a connection whenever a worker takes up one of its pushes. One is at work at a time: that with the highest.
alter table pushes add column turn bigint not null default 0;

-- +goose Down

alter table pushes drop column turn;
alter table pushes drop column stop_asked_at;
