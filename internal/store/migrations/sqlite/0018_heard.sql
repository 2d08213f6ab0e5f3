-- +goose Up
-- When an event of its source last came to a link.
alter table link add column heard bigint not null default 0;
