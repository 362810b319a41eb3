-- Conventions as in 0001.

-- +goose Up

-- Addresses that lead whoever holds one to the sign-in that a connection needs.
create table reconnect_links (
    hash          text   not null primary key, -- SHA-256 of the token in the address, hex
    connection_id text   not null references connections (id),
    made_at       bigint not null,
    expires_at    bigint not null
);

create index reconnect_links_connection on reconnect_links (connection_id);
create index reconnect_links_expiry on reconnect_links (expires_at);

-- The connection that a reconnect link opened it for; such a launch has no contacts.
alter table launches add column connection_id text not null default '';

-- What people outside the popup are told of a connection that needs a sign-in: once for each time that it does, on each channel.
create table notices (
    id            text   not null primary key, -- also the webhook-id
    connection_id text   not null references connections (id),
    since         bigint not null, -- the connection's, so that each time has its own
    channel       text   not null check (channel in ('webhook', 'email')),
    state         text   not null check (state in ('waiting', 'sending', 'sent', 'failed', 'dropped')),
    attempts      bigint not null, -- begun ones
    next_at       bigint not null, -- waiting: not before; sending: from then on it counts as given up by its process
    cause         text   not null, -- why it is not sent (yet), in plain words
    made_at       bigint not null,
    finished_at   bigint not null, -- 0 while it is waiting or being sent
    check ((state in ('waiting', 'sending')) = (finished_at = 0))
);

create unique index notices_once on notices (connection_id, since, channel);
create index notices_due on notices (next_at) where finished_at = 0;
create index connections_lost on connections (since) where state = 'needs_sign_in';

-- +goose Down

drop index connections_lost;
drop table notices;
alter table launches drop column connection_id;
drop table reconnect_links;
