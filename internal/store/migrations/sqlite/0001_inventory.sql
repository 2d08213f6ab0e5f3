-- +goose Up
create table resource (
  id         integer primary key autoincrement, -- order of creation
  path       text    not null unique,           -- folded
  shown      text    not null,                  -- in the case first seen
  name       text    not null,                  -- folded last segment
  kind       text    not null,
  parent     bigint  not null,                  -- 0: a service
  doc        text    not null,                  -- what readers see
  own        text    not null,                  -- the people's layer
  document   text,                              -- digest
  linked     bigint  not null default 0,
  revision   bigint  not null,
  created    bigint  not null,                  -- microseconds, UTC, as all times
  created_by text    not null,
  updated    bigint  not null,
  updated_by text    not null
);
create index resource_parent on resource (parent, kind);
create index resource_kind on resource (kind);
create index deployment_definition on resource (lower(json_extract(doc, '$.definitionId'))) where kind = 'deployment';

create table origin (
  resource      bigint not null references resource (id) on delete cascade,
  link          bigint not null,
  kind          text   not null,
  external      text   not null,
  mark          text   not null,
  document_mark text   not null default '',
  document      text,
  read          bigint not null,
  verified      bigint not null default 0,
  problem       text   not null default '',
  retry         bigint not null default 0,
  position      bigint not null,                -- the first leads
  states        text   not null,
  primary key (resource, link)
);
create unique index origin_external on origin (link, kind, external);
create index origin_verified on origin (link, verified) where kind = 'definition';
create index origin_retry on origin (link, retry) where retry > 0;

create table tombstone (
  id       integer primary key autoincrement,
  service  text   not null,
  source   text   not null,
  kind     text   not null,
  external text   not null,
  path     text   not null,                     -- as shown
  folded   text   not null,
  own      text   not null,
  below    text   not null default '[]',        -- what people made below it: [{path, own}]
  why      text   not null,
  moved_to text   not null default '',
  at       bigint not null
);
create unique index tombstone_external on tombstone (service, source, kind, external);
create index tombstone_path on tombstone (folded);

create table document (
  id      integer primary key,
  digest  text   not null unique,
  size    bigint not null,                      -- of the bytes as they came
  created bigint not null,
  data    blob   not null                       -- zstd
);

create table event (
  sequence integer primary key autoincrement,
  at       bigint not null,
  actor    text   not null,
  action   text   not null,
  path     text   not null,
  changes  text   not null
);
create index event_path on event (path);

create table link (
  resource integer primary key references resource (id) on delete cascade,
  epoch    bigint not null default 0,
  due      bigint not null default 0,
  status   text   not null default '{}',          -- what the server saw
  changes  bigint not null default 0,             -- how often status has changed
  released text   not null default '[]'
);

create table hint (
  sequence integer primary key autoincrement,
  link     bigint not null references resource (id) on delete cascade,
  api      text   not null,
  "trigger" text  not null,
  at       bigint not null
);
create index hint_link on hint (link, sequence);

create table run (
  id       integer primary key autoincrement,
  link     bigint not null references resource (id) on delete cascade,
  scope    text   not null,
  "trigger" text  not null,
  phase    text   not null,
  started  bigint not null,
  ended    bigint not null default 0,
  outcome  text   not null default '',
  message  text   not null default '',
  counts   text   not null,
  requests bigint not null default 0,
  errors   text   not null default '[]'
);
create index run_link on run (link, id);

create virtual table search using fts5 (
  name, title, summary, description,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
