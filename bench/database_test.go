package main

import (
	"database/sql"
	"path/filepath"
	"testing"
)

func TestWritesCountChangedRows(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(statements ...string) {
		t.Helper()
		for _, q := range statements {
			if _, err := db.ExecContext(t.Context(), q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
	}
	exec("pragma journal_mode = wal",
		"create table resource (id integer primary key, document text, doc text)",
		"create table origin (resource int, link int, verified int, mark text, primary key (resource, link))",
		"create table document (id integer primary key, digest text, size int, data blob)",
		"create table event (sequence integer primary key)",
		"create table tombstone (id integer primary key)",
		"insert into resource values (1, 'a', '{}'), (2, 'a', '{}'), (3, null, '{}')",
		"insert into origin values (1, 9, 5, 'm'), (2, 9, 5, 'm')",
		"insert into document values (1, 'a', 30, x'00')")
	seen, err := openDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	got, err := seen.contents(t.Context())
	if want := (contents{documents: 2, distinct: 1, bytes: 60}); err != nil || got != want {
		t.Errorf("contents: %+v, %v, want %+v", got, err, want)
	}
	for _, tt := range []struct {
		name, change string
		want         int64
	}{
		{"nothing", "select 1", 0},
		{"the verified time", "update origin set verified = 6", 0},
		{"a mark", "update origin set mark = 'n' where resource = 1", 1},
		{"a value and its own again", "update resource set doc = '{}'", 0},
		{"an event", "insert into event values (1)", 1},
		{"a row for a row", "update resource set id = 7 where id = 3", 2},
	} {
		before, err := seen.state(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exec(tt.change)
		after, err := seen.state(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := after.writes(before); got != tt.want {
			t.Errorf("%s: %d writes, want %d", tt.name, got, tt.want)
		}
	}
}
