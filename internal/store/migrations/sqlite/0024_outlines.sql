-- +goose Up
-- What documents define, a line each: its name, a tab, and what else it is found by.
create table outline (
  document text primary key references document (digest) on delete cascade,
  lines    text not null
);
-- By the words of all outlines below it, an API is found; its row has the number of the API.
create virtual table outline_search using fts5 (
  words, content = '', contentless_delete = 1, detail = none, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);
-- Which document of a definition the words of its API are of.
create table outlined (
  definition integer primary key,
  api        bigint not null,
  document   text   not null
);
create index outlined_api on outlined (api);
create index definition_document on resource (document, parent) where kind = 'definition' and document is not null;

-- Indexes on expressions are never all that a query needs; on columns they are.
drop index api_traits;
drop index deployment_environment;
alter table resource add column trait text generated always as (
  case kind when 'api' then json_array(doc -> '$.kind', doc -> '$.lifecycleStage', doc -> '$.customProperties')
    when 'deployment' then json_extract(doc, '$.environmentId') end) virtual;
create index api_trait on resource (parent, trait) where kind = 'api';
create index deployment_trait on resource (trait, parent) where kind = 'deployment';
