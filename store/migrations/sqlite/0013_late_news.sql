-- Conventions as in 0001.

-- +goose Up

-- News from Mojo may come late: these say what it is too old for.
alter table connections add column mojo_signed_in_at bigint not null default 0; -- when a person last signed in on Mojo's side
alter table mojo_notes add column told_at bigint not null default 0; -- of the edit that was written last, by Mojo; 0 where it didn't say

-- +goose Down

alter table mojo_notes drop column told_at;
alter table connections drop column mojo_signed_in_at;
