-- +goose Up
-- A deleted service stays where it is, with all below it, under a path that nobody
-- can name: the service's own segment in it is followed by "~deleted".
create table deleted_service (
  resource integer primary key references resource (id) on delete cascade,
  at       bigint not null,
  actor    text   not null,
  purge    bigint not null
);

create table operation (
  name     text   primary key,
  target   text   not null,                     -- folded path
  action   text   not null,
  actor    text   not null,
  status   text   not null,
  started  bigint not null,
  ended    bigint not null default 0,
  failure  text                                 -- {code, target, message}
);
