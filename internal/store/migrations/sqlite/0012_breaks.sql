-- +goose Up
alter table run add column breaks text not null default '[]';
