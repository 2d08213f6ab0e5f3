-- +goose Up
alter table origin add column merge_key text not null default '';       -- of an API: equal in those that are one
create index origin_merge on origin (merge_key) where merge_key <> '';
alter table tombstone add column strayed text not null default '[]';    -- of what became one with another: what went along, [{key, path}]

create table together (                         -- people's words on which APIs of sources are one
  service  text not null,
  source   text not null,                       -- the instance
  external text not null,
  api      text not null,                       -- folded path of the entry when it was said: a name of the group; empty: it stays alone
  primary key (service, source, external)
) without rowid;
create index together_api on together (service, api);
