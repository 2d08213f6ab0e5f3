-- +goose Up
-- What readers saw of it, field by field; empty when that was not kept.
alter table tombstone add column seen text not null default '';
