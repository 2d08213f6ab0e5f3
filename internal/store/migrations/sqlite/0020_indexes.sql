-- +goose Up
-- What every look at one API asks for, without reading the rows themselves.
create index run_open on run (link, id) where ended = 0;
create index origin_present on origin (link, kind, gone, verified);
create index origin_problem on origin (link, kind, gone) where problem <> '';
drop index origin_verified;
