-- +goose Up
-- What its source has no more may stay: since when, and why.
alter table origin add column gone bigint not null default 0;
alter table origin add column gone_why text not null default '';

create table deletion (
  link     bigint not null references resource (id) on delete cascade,
  external text   not null,                     -- of the version
  why      text   not null,                     -- it is held
  since    bigint not null,
  verdict  text   not null default '',          -- approved, rejected
  actor    text   not null default '',          -- whose verdict it is
  decided  bigint not null default 0,
  primary key (link, external)
);
insert into deletion (link, external, why, since, verdict)
  select l.resource, e.value, 'too much would go at once', l.due, 'approved' from link l, json_each(l.released) e;
alter table link drop column released;

-- One identity may have been several things in turn; each is kept.
drop index tombstone_external;
create index tombstone_external on tombstone (service, source, kind, external);
alter table tombstone add column link text not null default '';        -- folded path
alter table tombstone add column approved_by text not null default '';
create index tombstone_link on tombstone (link, at);
