-- +goose Up
create table assignment (
  id             integer primary key autoincrement, -- order of creation
  name           text    not null unique,           -- GUID; all of it is folded but the description
  scope          text    not null,
  role           text    not null,
  principal      text    not null,
  principal_type text    not null,
  description    text    not null,
  created        bigint  not null,
  created_by     text    not null,
  updated        bigint  not null,
  updated_by     text    not null
);
create unique index assignment_grant on assignment (principal, role, scope);

create table credential (
  sequence   integer primary key autoincrement,     -- order of creation
  id         text    not null unique,               -- GUID
  name       text    not null,
  prefix     text    not null,                      -- how the token begins
  hash       text    not null unique,               -- of the token, which is not kept
  role       text    not null,
  scope      text    not null,
  created    bigint  not null,
  created_by text    not null,
  expires    bigint  not null                       -- 0: never
);
