-- +goose Up
-- What runs in an environment, without reading all deployments.
create index deployment_place on resource (lower(json_extract(doc, '$.environmentId'))) where kind = 'deployment';
