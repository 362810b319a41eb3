-- Support staff: the links that let them in, and what they looked at and did.

-- +goose Up

-- What support staff looked at and did. Rows are added, and never changed or deleted.
create table audits (
    id            text not null primary key, -- made of "at", so that the order of the ids is that of the times
    at            bigint not null,
    who           text   not null, -- the staff member's e-mail
    role          text   not null, -- "viewer" or "operator", at that moment
    action        text   not null, -- a short word of the web's own
    connection_id text   not null, -- '' where it isn't about one account
    launch_id     text   not null, -- '' where it isn't about one launch
    detail        text   not null  -- for people
) without rowid;

create index audits_who on audits (who, id);
create index audits_action on audits (action, id);
create index audits_who_action on audits (who, action, id);
create index audits_connection on audits (connection_id, id);

-- One-time links that sign a staff member in; a row goes when the link is used.
create table staff_links (
    token_hash text   not null primary key, -- SHA-256 of the token in the link, hex
    email      text   not null,
    role       text   not null check (role in ('viewer', 'operator')),
    expires_at bigint not null
);

create index staff_links_expiry on staff_links (expires_at);

-- +goose Down

drop table staff_links;
drop table audits;
