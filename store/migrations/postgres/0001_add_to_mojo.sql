-- Conventions, in every table: an id is a UUIDv7 as text unless said otherwise; a time is in Unix milliseconds, UTC, and 0 is
-- "not yet"; text is '' where there is none; "sealed" is a ciphertext of the Vault, bound to its table, row and column.
-- E-mails are stored trimmed and in lower case.

-- +goose Up

-- Tells at the start whether the key in use is the one that sealed this database.
create table vault (
    id     text not null primary key check (id = 'canary'),
    sealed bytea not null -- a known text
);

-- One opening of the popup.
create table launches (
    id         text    not null primary key,
    code       text    not null unique, -- the support code that people read out, as K7M4-Q2XD
    email      text    not null,        -- the Wise Agent user of a signed launch
    signed     boolean not null,
    contacts   text    not null,        -- ClientIDs ("26855", vendors "V12"), comma-separated, in the order of the selection
    created_at bigint  not null
);

create index launches_created on launches (created_at);

-- Nonces of signed launches; each counts once.
create table nonces (
    nonce    text   not null primary key,
    until_at bigint not null -- after this a signature with the nonce is too old anyway
);

create index nonces_until on nonces (until_at);

-- Browsers that are known.
create table sessions (
    id         text   not null primary key, -- SHA-256 of the id in the cookie, hex
    data       bytea  not null,             -- the web's own; holds no secret
    email      text   not null,             -- the Wise Agent account that is signed in
    created_at bigint not null,
    seen_at    bigint not null,
    expires_at bigint not null
);

create index sessions_email on sessions (email);
create index sessions_expiry on sessions (expires_at);

-- Connections in the making: what each side gave so far, one per launch.
create table sign_ins (
    launch_id  text   not null primary key references launches (id),
    expires_at bigint not null
);

create index sign_ins_expiry on sign_ins (expires_at);

create table mojo_sides (
    launch_id    text   not null primary key references sign_ins (launch_id) on delete cascade,
    account_id   text   not null,
    account_name text   not null,
    account_url  text   not null, -- origin of the account's own host
    agent_id     text   not null,
    agent_name   text   not null,
    agent_email  text   not null,
    permission   text   not null, -- as Mojo names it
    login        text   not null, -- what was typed; never the PIN, never the password
    access       bytea  not null, -- sealed
    refresh      bytea  not null, -- sealed
    token_type   text   not null,
    expires_at   bigint not null  -- of the access token; 0 is unknown
);

create table wise_sides (
    launch_id  text   not null primary key references sign_ins (launch_id) on delete cascade,
    email      text   not null,
    name       text   not null,
    scopes     text   not null, -- granted ones, separated by blanks
    access     bytea  not null, -- sealed
    refresh    bytea  not null, -- sealed
    token_type text   not null,
    expires_at bigint not null  -- of the access token; 0 is unknown
);

-- Visits to Wise Agent's consent page that have not come back yet.
create table consents (
    state_hash text   not null primary key, -- SHA-256 of the state parameter, hex
    launch_id  text   not null references launches (id) on delete cascade,
    session_id text   not null,             -- the browser that left: only it may come back
    verifier   bytea  not null,             -- PKCE, sealed
    expires_at bigint not null
);

create index consents_launch on consents (launch_id);
create index consents_expiry on consents (expires_at);

-- One Wise Agent account with one Mojo account. A reset connection stays as history.
create table connections (
    id                text   not null primary key,
    email             text   not null, -- the Wise Agent account
    name              text   not null,
    scopes            text   not null, -- granted by Wise Agent, separated by blanks
    mojo_account_id   text   not null,
    mojo_account_name text   not null,
    mojo_account_url  text   not null, -- origin of the account's own host
    mojo_agent_id     text   not null,
    mojo_agent_name   text   not null,
    mojo_agent_email  text   not null,
    mojo_permission   text   not null,
    mojo_login        text   not null,
    time_zone         text   not null, -- IANA name
    state             text   not null check (state in ('connected', 'limited', 'needs_sign_in', 'reset')),
    since             bigint not null, -- when it came into this state
    side              text   not null check (side in ('', 'wiseagent', 'mojo')), -- which one needs the sign-in
    cause             text   not null, -- why, in plain words
    groups_at         bigint not null, -- when mojo_groups was fetched
    lease_owner       text   not null, -- the worker that does this connection's work
    lease_until       bigint not null, -- from then on anyone may take the work over
    created_at        bigint not null
);

create index connections_email on connections (email);
create unique index connections_live_email on connections (email) where state <> 'reset';
create unique index connections_live_mojo on connections (mojo_account_id) where state <> 'reset';

-- The tokens of a live connection, a row per side. Reset moves them to revocations.
create table tokens (
    connection_id text   not null references connections (id),
    side          text   not null check (side in ('wiseagent', 'mojo')),
    access        bytea  not null, -- sealed
    refresh       bytea  not null, -- sealed
    token_type    text   not null,
    expires_at    bigint not null, -- of the access token; 0 is unknown
    version       bigint not null, -- goes up whenever the tokens change
    refresh_owner text   not null, -- who is refreshing them just now
    refresh_until bigint not null, -- from then on anyone may
    refused_at    bigint not null, -- when the partner refused them for good; 0 while they work
    refused_cause text   not null, -- in plain words
    primary key (connection_id, side)
);

-- The groups a customer's Mojo account had when last asked.
create table mojo_groups (
    connection_id text    not null references connections (id),
    group_id      bigint  not null, -- Mojo's
    name          text    not null,
    contacts      bigint  not null, -- how many Mojo said are in it
    is_lead       boolean not null,
    primary key (connection_id, group_id)
);

-- Contacts on their way to a Mojo group.
create table pushes (
    id                  text    not null primary key, -- the one-time key of the form: one press is one push
    connection_id       text    not null references connections (id),
    launch_id           text    not null, -- a push outlives its launch
    group_id            bigint  not null, -- Mojo's
    group_name          text    not null,
    include_do_not_call boolean not null, -- the customer ticked contacts marked do-not-call
    state               text    not null check (state in ('waiting', 'sending', 'paused', 'done', 'stopped', 'undoing', 'undone')),
    cause               text    not null, -- of a paused or stopped one, in plain words
    run                 bigint  not null, -- 1, and one more with each Retry
    total               bigint  not null, -- contacts
    attempts            bigint  not null, -- failed tries in a row
    next_at             bigint  not null, -- not to be worked on before
    created_at          bigint  not null,
    started_at          bigint  not null,
    finished_at         bigint  not null,
    undo_asked_at       bigint  not null,
    undone_at           bigint  not null
);

create index pushes_connection on pushes (connection_id, created_at);
create index pushes_due on pushes (next_at) where state in ('waiting', 'sending', 'undoing');

create table push_contacts (
    push_id         text    not null references pushes (id),
    position        bigint  not null, -- in the selection, from 0
    client_id       text    not null, -- Wise Agent's
    name            text    not null, -- for the results page
    api_contact_id  text    not null, -- what Mojo knows the contact by
    state           text    not null check (state in ('waiting', 'creating', 'moving', 'added', 'updated', 'skipped', 'failed', 'removed')),
    reason          text    not null, -- of a skipped or failed one, in plain words
    doubt           text    not null check (doubt in ('', 'creating', 'moving')), -- what a failed one was in when no clear answer came
    mojo_contact_id bigint  not null, -- 0 where Mojo did not tell
    put_in          boolean not null, -- this push put it into the group, so Undo takes it out
    run             bigint  not null, -- the run of the push that it belongs to
    primary key (push_id, position)
);

-- A ClientID and a Mojo contact that are the same person.
create table links (
    connection_id   text   not null references connections (id),
    client_id       text   not null, -- Wise Agent's
    api_contact_id  text   not null, -- what Mojo knows the contact by
    mojo_contact_id bigint not null, -- 0 where Mojo did not tell
    notes_sent      bigint not null, -- the highest NoteID of Wise Agent that is in Mojo
    created_at      bigint not null,
    pushed_at       bigint not null, -- last
    primary key (connection_id, client_id)
);

-- Tokens that are to be revoked; a row goes when that is done.
create table revocations (
    id            text   not null primary key,
    connection_id text   not null, -- '' for tokens that never became a connection
    side          text   not null check (side in ('wiseagent', 'mojo')),
    hint          text   not null check (hint in ('access_token', 'refresh_token')), -- as in RFC 7009
    token         bytea  not null, -- sealed
    attempts      bigint not null, -- failed ones
    next_at       bigint not null,
    give_up_at    bigint not null
);

create index revocations_due on revocations (next_at);
create index revocations_connection on revocations (connection_id);

-- Tries to sign in with Mojo, counted by what they have in common: the account, the PIN, the address.
create table throttles (
    key      text   not null primary key, -- the caller's own
    tries    bigint not null,
    first_at bigint not null, -- of the tries counted
    next_at  bigint not null, -- no try before
    until_at bigint not null  -- from then on the count starts afresh
);

create index throttles_until on throttles (until_at);

-- +goose Down

drop table throttles;
drop table revocations;
drop table links;
drop table push_contacts;
drop table pushes;
drop table mojo_groups;
drop table tokens;
drop table connections;
drop table consents;
drop table wise_sides;
drop table mojo_sides;
drop table sign_ins;
drop table sessions;
drop table nonces;
drop table launches;
drop table vault;
