-- +goose Up
-- The run that wrote; 0: a person did, or it was not noted.
alter table event add column run bigint not null default 0;
alter table origin add column run bigint not null default 0;
