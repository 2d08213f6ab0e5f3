-- +goose Up
-- What links to a whole instance and to one workspace of it brought is filed in one place.
update tombstone set source = substr(source, 1, instr(source, '/workspaces/') - 1)
  where kind <> 'environment' and instr(source, '/workspaces/') > 0;
create index tombstone_at on tombstone (at);
