-- +goose Up
-- Entries of the log of a link's source that were followed: it may show them again.
create table log_entry (
  link  bigint not null references resource (id) on delete cascade,
  entry text   not null,
  at    bigint not null,
  primary key (link, entry)
);
