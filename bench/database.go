package main

import (
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// database looks into the server's database from outside, without its code:
// what it wrote is read where it must lie in the end.
type database struct {
	*sql.DB
	file string
}

func openDatabase(data string) (database, error) {
	files, err := filepath.Glob(filepath.Join(data, "*.db"))
	if err != nil || len(files) != 1 {
		return database{}, fmt.Errorf("%d databases in %s, want 1", len(files), data)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: files[0]}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)")
	return database{db, files[0]}, err
}

// size is that of the database with what has not been folded into it.
func (d database) size() (int64, error) {
	var sum int64
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(d.file + suffix)
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// contents is what a synchronisation brought.
type contents struct {
	documents, distinct, bytes int64
}

func (d database) contents(ctx context.Context) (contents, error) {
	var c contents
	err := d.QueryRowContext(ctx, `
		select count(*), count(distinct r.document), coalesce(sum(d.size), 0)
		from resource r join document d on d.digest = r.document`).Scan(&c.documents, &c.distinct, &c.bytes)
	return c, err
}

// counted are the tables whose changed rows are writes, with the columns that do not count.
var counted = []struct{ table, aside string }{
	{"resource", ""},
	{"origin", "verified"},
	{"document", "data"}, // named by its digest, which counts
	{"event", ""},
	{"tombstone", ""},
}

// seed makes the hashes of one run comparable.
var seed = maphash.MakeSeed()

// state is the hash of each row, by table and key.
type state map[uint64]uint64

// state reads all rows that count, in one transaction.
func (d database) state(ctx context.Context) (state, error) {
	tx, err := d.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	s := state{}
	for _, c := range counted {
		if err := s.add(ctx, tx, c.table, c.aside); err != nil {
			return nil, fmt.Errorf("read %s: %w", c.table, err)
		}
	}
	return s, nil
}

func (s state) add(ctx context.Context, tx *sql.Tx, table, aside string) error {
	columns, err := columnsOf(ctx, tx, table, aside)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, "select rowid, "+strings.Join(columns, ", ")+" from "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]any, 1+len(columns))
	targets := make([]any, len(values))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		key := maphash.Comparable(seed, fmt.Sprint(table, values[0]))
		var row maphash.Hash
		row.SetSeed(seed)
		for _, v := range values {
			fmt.Fprintf(&row, "%T %[1]v\x00", v)
		}
		s[key] = row.Sum64()
	}
	return rows.Err()
}

func columnsOf(ctx context.Context, tx *sql.Tx, table, aside string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "select name from pragma_table_info($1) where name <> $2", table, aside)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		columns = append(columns, name)
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("no table %s", table)
	}
	return columns, rows.Err()
}

// writes counts the rows that differ from an earlier state.
func (s state) writes(earlier state) int64 {
	var n int64
	for key, row := range s {
		if was, ok := earlier[key]; !ok || was != row {
			n++
		}
	}
	for key := range earlier {
		if _, ok := s[key]; !ok {
			n++
		}
	}
	return n
}
