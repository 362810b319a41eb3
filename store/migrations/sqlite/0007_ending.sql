-- Conventions as in 0001.

-- +goose Up

-- The end of a connection begins when somebody asks for it, and is there when its state is reset.
alter table connections add column reset_asked_at bigint not null default 0; -- nothing new begins from then on; 0: nobody asked
alter table connections add column reset_until bigint not null default 0; -- what waits may be delivered until then
alter table connections add column tokens_left bigint not null default 0; -- could not be revoked within 24 hours: they may still live

create index connections_ending on connections (reset_until) where reset_asked_at > 0 and state <> 'reset';

-- What Mojo told us of its end and nobody has acted on.
create index events_ending on events (seq) where state = 'waiting' and type = 'account.disconnected';

alter table tokens add column refreshed_at bigint not null default 0; -- when a refresh gave them; 0 for those of a sign-in

-- Of somebody else than who is signed in: nothing is done with it before the customer says that this is meant.
alter table wise_sides add column unconfirmed boolean not null default false;

-- +goose Down

alter table wise_sides drop column unconfirmed;
alter table tokens drop column refreshed_at;
drop index events_ending;
drop index connections_ending;
alter table connections drop column tokens_left;
alter table connections drop column reset_until;
alter table connections drop column reset_asked_at;
