-- +goose Up
alter table hint add column due bigint not null default 0;
delete from hint where exists (
  select 1 from hint newer
  where newer.link = hint.link and newer.api = hint.api and newer."trigger" = hint."trigger" and newer.sequence > hint.sequence
);
create unique index hint_same on hint (link, api, due, "trigger");
