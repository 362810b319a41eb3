-- Conventions as in 0001.

-- +goose Up

-- News from Mojo may come late: these say what it is too old for.
alter table connections add column mojo_signed_in_at bigint not null default 0; -- when a person last signed in on Mojo's side

-- +goose Down

alter table connections drop column mojo_signed_in_at;
