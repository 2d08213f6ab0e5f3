-- +goose Up
-- Of a webhook: what is told to nobody, and how far its deliveries are.
create table webhook (
  resource integer primary key references resource (id) on delete cascade,
  secret   text   not null,
  epoch    bigint not null default 0,             -- rises when a person steers it
  status   text   not null
);
