-- +goose Up
-- What APIs are listed by, and what tells them apart, without reading the rows themselves.
alter table resource add column title text not null default ''; -- folded, its first 200 characters
update resource set title = substr(coalesce(fold(doc -> '$.title'), ''), 1, 200);
create index api_title on resource (parent, title) where kind = 'api';
create index api_traits on resource (parent, json_extract(doc, '$.kind'), json_extract(doc, '$.lifecycleStage'), json_extract(doc, '$.customProperties'))
  where kind = 'api';
create index deployment_environment on resource (json_extract(doc, '$.environmentId'), parent) where kind = 'deployment';
create index origin_api on origin (link, resource) where kind = 'api';
