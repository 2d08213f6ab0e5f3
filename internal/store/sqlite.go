package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"runtime"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver, in pure Go
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// sqlite is the embedded engine: one file, one writing connection, many readers.
type sqlite struct {
	path string

	mu      sync.Mutex // guards durable
	durable bool       // whether a commit of the writing connection waits for the disk
}

func (d *sqlite) open(ctx context.Context) (*sql.DB, *sql.DB, error) {
	writer, err := sql.Open("sqlite", d.dsn(
		"journal_mode(wal)", "foreign_keys(1)", "busy_timeout(10000)", "synchronous(normal)",
		"cache_size(-65536)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)"))
	if err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", d.path, err)
	}
	reader, err := sql.Open("sqlite", d.dsn("query_only(1)", "busy_timeout(10000)", "cache_size(-16384)", "mmap_size(268435456)"))
	if err != nil {
		return nil, nil, err
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return writer, reader, nil
}

func (d *sqlite) dsn(pragmas ...string) string {
	q := url.Values{"_pragma": pragmas, "_txlock": {"deferred"}}
	return "file:" + (&url.URL{Path: d.path}).EscapedPath() + "?" + q.Encode()
}

func (d *sqlite) migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// begin leaves the transaction deferred: with a single writing connection
// nobody can write between its first read and its first write. Durability is a
// setting of that connection; the mutex keeps another begin from changing it in
// between, and once the transaction has the connection nobody can.
func (d *sqlite) begin(ctx context.Context, db *sql.DB, durable bool) (*sql.Tx, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if durable != d.durable {
		level := "pragma synchronous = normal"
		if durable {
			level = "pragma synchronous = full"
		}
		if _, err := db.ExecContext(ctx, level); err != nil {
			return nil, err
		}
		d.durable = durable
	}
	return db.BeginTx(ctx, nil)
}

func (*sqlite) match() string { return "search match" }

// query asks for all words, each as the beginning of one in the text.
func (*sqlite) query(words []string) string {
	for i, w := range words {
		words[i] = `"` + w + `"*`
	}
	return strings.Join(words, " ")
}

func (*sqlite) index(_ context.Context, t *session, id int64, s searchable) error {
	_, err := t.exec(`insert into search (rowid, name, title, summary, description) values ($1, $2, $3, $4, $5)`,
		id, s.name, s.title, s.summary, s.description)
	return err
}

func (*sqlite) unindex(_ context.Context, t *session, id int64) error {
	_, err := t.exec(`delete from search where rowid = $1`, id)
	return err
}
