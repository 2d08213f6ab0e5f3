-- +goose Up
alter table event add column folded text not null default '';    -- path
alter table event add column moved text;                         -- of a move of its own resource: where it went, folded
update event set folded = lower(path);
drop index event_path;
create index event_folded on event (folded, sequence);
create index event_moved on event (moved, sequence) where moved is not null;

-- What readers saw of a row before, from since until until. A row itself is seen
-- as it is from its since on.
alter table resource add column since bigint not null default 0;
update resource set since = updated;
create table past (
  id         integer primary key,
  key        bigint not null,                   -- the id of the row
  path       text   not null,
  shown      text   not null,
  name       text   not null,
  kind       text   not null,
  parent     bigint not null,
  doc        text   not null,
  document   text,
  revision   bigint not null,
  created    bigint not null,
  created_by text   not null,
  updated    bigint not null,
  updated_by text   not null,
  since      bigint not null,
  until      bigint not null
);
create index past_path on past (path, until);
create index past_parent on past (parent, kind, until);
create index past_kind on past (kind, until);
create index past_until on past (until);
create index past_document on past (document) where document is not null;

-- What is not kept any more: events up to sequence, and what there was before at.
create table forgotten (
  at       bigint not null,
  sequence bigint not null
);
insert into forgotten select coalesce(max(updated), 0), 0 from resource;
