-- Conventions as in 0001.

-- +goose Up

-- How the ways of a connection went: our calls to each side, and Mojo's hooks. Written now and then, not with every call.
create table health (
    connection_id text   not null references connections (id),
    way           text   not null check (way in ('wiseagent', 'mojo', 'hooks')),
    good_at       bigint not null, -- when it last answered as it should
    bad_at        bigint not null, -- when it last did not
    bad_since     bigint not null, -- the first of the bad answers since the last good one; 0 while it answers
    cause         text   not null, -- of the last bad one, in plain words
    primary key (connection_id, way)
);

create index health_bad on health (way, bad_since) where bad_since > 0;

-- Hooks that were turned away, by the account that they named. Nothing proves that name.
create table refused_hooks (
    account_id text   not null, -- Mojo's; that of a live connection
    reason     text   not null check (reason in ('signature', 'clock')),
    times      bigint not null, -- within a day of each other
    first_at   bigint not null,
    last_at    bigint not null,
    behind     bigint not null, -- clock: seconds by which the last one's time was behind ours; ahead when negative
    primary key (account_id, reason)
);

create index events_needs_you on events (reason, connection_id, received_at) where state = 'needs_you';
create index pushes_stopped on pushes (finished_at) where state = 'stopped';

-- +goose Down

drop index pushes_stopped;
drop index events_needs_you;
drop table refused_hooks;
drop table health;
