-- +goose Up
-- Who is signed in to the portal, in which browser. Of secrets, only hashes.
create table portal_session (
  hash      text   primary key,          -- of what the browser holds
  principal text   not null,             -- id of who it is
  key       text   not null,             -- hash of the API key that opened it; '' for who signed in at an issuer
  identity  text   not null,             -- what the issuer said, as JSON; '' for a key
  created   bigint not null,
  expires   bigint not null
);
create index portal_session_principal on portal_session (principal);
