-- +goose Up
-- The row of what became one with another, so that it comes back to its place.
alter table tombstone add column key bigint not null default 0;
create index tombstone_moved on tombstone (moved_to) where moved_to <> '';
