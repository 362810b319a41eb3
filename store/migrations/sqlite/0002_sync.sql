-- Conventions as in 0001.

-- +goose Up

-- Who writes what others may write too at the same time, many rows in one transaction, takes the turn of that name first and
-- keeps it until its commit: so two never wait for each other.
create table turns (
    name text   not null primary key check (name in ('receive', 'deliver')),
    last bigint not null -- receive: the seq of the newest event
);

insert into turns (name, last) values ('receive', 0), ('deliver', 0);

-- What Mojo told us, each with its delivery. They stay for the ledger.
create table events (
    seq             integer not null primary key, -- the order in which they were received
    id              text    not null unique,
    webhook_id      text    not null, -- Mojo's; '' when it was 30 days ago
    connection_id   text    not null, -- '' where the account was not connected
    account_id      text    not null, -- Mojo's
    type            text    not null, -- as Mojo names it, "call.completed"
    contact_key     text    not null, -- those of one contact are delivered in order
    mojo_contact_id bigint  not null, -- 0 where there is none
    api_contact_id  text    not null,
    contact_name    text    not null, -- for the activity page
    body            text    not null, -- the hook's data, JSON; '' once it is written or excluded, and 30 days old
    occurred_at     bigint  not null, -- as Mojo says
    received_at     bigint  not null,
    state           text    not null check (state in ('waiting', 'written', 'needs_you', 'excluded')),
    reason          text    not null, -- why it is in that state, in plain words
    attempts        bigint  not null, -- failed ones
    next_at         bigint  not null, -- not to be tried before
    doubt           boolean not null, -- a write may have happened that nobody saw the answer of
    claimed_by      text    not null, -- the worker that may be writing it
    result_id       text    not null, -- what was written: Wise Agent's NoteID, CallId or ClientID
    finished_at     bigint  not null, -- when it came into that state; 0 while it waits
    check ((state = 'waiting') = (finished_at = 0))
);

create unique index events_webhook on events (webhook_id) where webhook_id <> '';
create index events_received on events (received_at) where webhook_id <> '';
create index events_state on events (connection_id, state, seq);
create index events_waiting on events (connection_id, contact_key, seq) where finished_at = 0;
create index events_called on events (connection_id, finished_at) where state = 'written' and type = 'call.completed';

-- How a link came about, and what the other sides know of it.
alter table links add column source text not null default 'push' check (source in ('push', 'sent')); -- sent: from Mojo
alter table links add column custom_written boolean not null default false; -- Wise Agent's custom field MojoContactID
alter table links add column do_not_call_at bigint not null default 0; -- when a call result in Mojo said so

create index links_api_contact on links (connection_id, api_contact_id);

-- Whose Mojo contacts are: several may be the same person in Wise Agent.
create table mojo_contacts (
    connection_id   text   not null references connections (id),
    mojo_contact_id bigint not null,
    client_id       text   not null,
    primary key (connection_id, mojo_contact_id)
) without rowid;

insert into mojo_contacts (connection_id, mojo_contact_id, client_id)
select connection_id, mojo_contact_id, max(client_id)
from links
where mojo_contact_id <> 0
group by connection_id, mojo_contact_id;

-- What a contact's fields were when last seen.
create table snapshots (
    connection_id text   not null references connections (id),
    client_id     text   not null,
    fields        text   not null, -- JSON, see type Field
    primary key (connection_id, client_id)
) without rowid;

-- Mojo's activities, and the Call List entries that they became.
create table activities (
    connection_id text   not null references connections (id),
    mojo_event_id text   not null,
    client_id     text   not null,
    call_id       text   not null,
    revision      bigint not null, -- Mojo's, the one that was written
    state         text   not null check (state in ('open', 'completed', 'deleted')),
    primary key (connection_id, mojo_event_id)
) without rowid;

create index activities_client on activities (connection_id, client_id);

-- Mojo's notes, and the notes in Wise Agent that they became.
create table mojo_notes (
    connection_id text   not null references connections (id),
    mojo_note_id  text   not null,
    client_id     text   not null,
    note_id       bigint not null, -- Wise Agent's
    primary key (connection_id, mojo_note_id)
) without rowid;

-- Mojo's feed of events.
alter table connections add column feed_after text not null default ''; -- the webhook-id up to which it was read
alter table connections add column feed_at bigint not null default 0; -- when it was last asked for
alter table connections add column feed_off boolean not null default false; -- the account's host has none

-- +goose Down

alter table connections drop column feed_off;
alter table connections drop column feed_at;
alter table connections drop column feed_after;
drop table mojo_notes;
drop table activities;
drop table snapshots;
drop table mojo_contacts;
drop index links_api_contact;
alter table links drop column do_not_call_at;
alter table links drop column custom_written;
alter table links drop column source;
drop table events;
drop table turns;
