-- Conventions as in 0001.

-- +goose Up

alter table links add column gone_at bigint not null default 0; -- when Wise Agent first said that it has the contact no more; 0: it is there

-- +goose Down

alter table links drop column gone_at;
