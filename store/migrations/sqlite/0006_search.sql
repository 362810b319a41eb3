-- Conventions as in 0001.

-- +goose Up

-- What support finds connections by: the words of their names, e-mails, logins and ids, see words in search.go.
create table account_words (
    word          text not null, -- lower case, without accents
    connection_id text not null references connections (id),
    primary key (word, connection_id)
) without rowid;

create index account_words_connection on account_words (connection_id, word);

-- Connections from before this table get their words when the program starts.
alter table connections add column has_words boolean not null default false;

create index connections_wordless on connections (id) where not has_words;

create index launches_email on launches (email, created_at);

-- +goose Down

drop index launches_email;
drop index connections_wordless;
alter table connections drop column has_words;
drop table account_words;
