package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"apicenter/internal/inventory"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqliteDialect is the embedded engine: one file, one writing connection, many readers.
type sqliteDialect struct{ path string }

// patience is how many milliseconds a connection waits for another one's lock.
const patience = "10000"

func (d *sqliteDialect) open(ctx context.Context) (writer, reader *sql.DB, err error) {
	// SQLite gives the files that it makes beside this one the same mode.
	file, err := os.OpenFile(d.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("make the database file: %w", err)
	}
	own := &sqlite.Driver{}
	if err := own.RegisterDeterministicScalarFunction("fold", 1, fold); err != nil {
		return nil, nil, err
	}
	writer = sql.OpenDB(&connector{driver: own, dsn: d.dsn(
		"busy_timeout("+patience+")", "journal_mode(wal)", "foreign_keys(1)", "synchronous(normal)",
		"cache_size(-65536)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)")})
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", d.path, err), writer.Close())
	}
	reader = sql.OpenDB(&connector{driver: own, dsn: d.dsn("busy_timeout("+patience+")", "query_only(1)", "cache_size(-16384)", "mmap_size(268435456)")})
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return writer, reader, nil
}

func (d *sqliteDialect) dsn(pragmas ...string) string {
	return "file:" + (&url.URL{Path: d.path}).EscapedPath() + "?" + url.Values{"_pragma": pragmas}.Encode()
}

// fold is the text of a JSON value, in lower case for all letters: SQLite's own
// lower knows ASCII only. A string is what it says; null is nothing.
func fold(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	raw, ok := args[0].(string)
	if !ok || raw == "null" {
		return nil, nil
	}
	if raw[0] != '"' {
		return strings.ToLower(raw), nil
	}
	if text := raw[1 : len(raw)-1]; !strings.Contains(text, `\`) {
		return strings.ToLower(text), nil
	}
	var text string
	err := json.Unmarshal([]byte(raw), &text)
	return strings.ToLower(text), err
}

func (d *sqliteDialect) migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	have, know, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > know {
		return fmt.Errorf("it has schema %d, and this program knows %d at most: it was last used by a newer apicenter; run that one", have, know)
	}
	_, err = p.Up(ctx)
	return err
}

func (d *sqliteDialect) begin(ctx context.Context, c *sql.Conn, m mode) error {
	text := "begin immediate"
	if m == reading {
		text = "begin"
	} else if err := c.Raw(func(conn any) error {
		level := "normal"
		if m == durable {
			level = "full"
		}
		return conn.(*connection).synchronous(ctx, level)
	}); err != nil {
		return err
	}
	_, err := c.ExecContext(ctx, text)
	return err
}

// walLimit is how large the write-ahead log may grow before a writer waits for
// readers to let go of it, and walPatience how long it waits. Readers that
// always overlap would let it grow without end; one that takes long is not to
// stop the writers, so they try again only when the log has grown as much again.
const walLimit = 32 << 20

var walPatience = "100" // milliseconds

func (d *sqliteDialect) tidy(ctx context.Context, c *sql.Conn) error {
	log, err := os.Stat(d.path + "-wal")
	if err != nil {
		return err
	}
	return c.Raw(func(conn any) error { return conn.(*connection).restart(ctx, log.Size()) })
}

// trouble is what the engine's result codes mean for people.
var trouble = map[int]struct {
	code    inventory.Code
	message string
}{
	codes.SQLITE_BUSY:       {inventory.Unavailable, "the inventory's database is busy; try again"},
	codes.SQLITE_LOCKED:     {inventory.Unavailable, "the inventory's database is busy; try again"},
	codes.SQLITE_PROTOCOL:   {inventory.Unavailable, "the inventory's database is busy; try again"},
	codes.SQLITE_INTERRUPT:  {inventory.Unavailable, "the request ended before the inventory's database had answered"},
	codes.SQLITE_NOMEM:      {inventory.Unavailable, "the inventory's database has no memory left"},
	codes.SQLITE_FULL:       {inventory.Unavailable, "the disk of the inventory's database is full; make room and try again"},
	codes.SQLITE_IOERR:      {inventory.Unavailable, "the disk of the inventory's database does not answer as it should"},
	codes.SQLITE_CANTOPEN:   {inventory.Unavailable, "the inventory's database file cannot be opened"},
	codes.SQLITE_READONLY:   {inventory.Unavailable, "the inventory's database file cannot be written"},
	codes.SQLITE_CONSTRAINT: {inventory.Conflict, "two things would have the same place, or the same identity at a source"},
	codes.SQLITE_TOOBIG:     {inventory.Invalid, "this is larger than the inventory's database can hold"},
}

func (d *sqliteDialect) explain(err error) *inventory.Error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return nil
	}
	known, ok := trouble[e.Code()&0xff]
	if !ok {
		return nil
	}
	return inventory.Errorf(known.code, "", "%s (SQLite code %d)", known.message, e.Code())
}

func (d *sqliteDialect) match() string { return "search match" }

// rank weighs name, title, summary and description, in the order of the table.
func (d *sqliteDialect) rank() string { return "bm25(search, 5.0, 10.0, 2.0, 1.0)" }

// allOf and anyOf ask for words, each as the beginning of one in the text.
func (d *sqliteDialect) allOf(words []string) string { return `"` + strings.Join(words, `"* "`) + `"*` }

func (d *sqliteDialect) anyOf(words []string) string {
	return `"` + strings.Join(words, `"* OR "`) + `"*`
}

func (d *sqliteDialect) index(t *session, id int64, s searchable) error {
	_, err := t.exec(`insert into search (rowid, name, title, summary, description) values ($1, $2, $3, $4, $5)`,
		id, s.name, s.title, s.summary, s.description)
	return err
}

func (d *sqliteDialect) unindex(t *session, id int64) error {
	_, err := t.exec(`delete from search where rowid = $1`, id)
	return err
}

func (d *sqliteDialect) matchOutline() string { return "outline_search match" }

func (d *sqliteDialect) indexOutline(t *session, api int64, words string) error {
	_, err := t.exec(`insert into outline_search (rowid, words) values ($1, $2)`, api, words)
	return err
}

func (d *sqliteDialect) unindexOutline(t *session, api int64) error {
	_, err := t.exec(`delete from outline_search where rowid = $1`, api)
	return err
}
