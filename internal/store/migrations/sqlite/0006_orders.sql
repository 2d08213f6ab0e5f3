-- +goose Up
create index api_name on resource (parent, name) where kind = 'api';
create index api_updated on resource (parent, updated) where kind = 'api';
