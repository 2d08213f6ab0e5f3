-- +goose Up
create table resource_group (
  id           integer primary key autoincrement, -- order of creation
  folded       text    not null unique,           -- subscription/name
  subscription text    not null,                  -- in the case first seen, as name
  name         text    not null,
  location     text    not null,
  tags         text    not null default '{}',
  created      bigint  not null,
  created_by   text    not null,
  updated      bigint  not null,
  updated_by   text    not null
);
