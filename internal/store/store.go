// Package store keeps the inventory in a SQL database: all SQL of the house is
// here. Store is the one implementation of inventory.Store; what database
// engines do differently stands in a dialect.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"apicenter/internal/inventory"
)

// Options say where the inventory is.
type Options struct {
	Dir  string           // folder of the SQLite database, made if need be; one server at a time
	Wall func() time.Time // the machine's clock, which may be set back and forth; nil: time.Now
}

// Store is an inventory in a database.
type Store struct {
	dialect dialect
	writer  *sql.DB // SQLite: one connection, shared with whoever else writes (the job queue)
	reader  *sql.DB
	lock    io.Closer
	packer  packer
	shelves shelves
	clock   *clock
	written atomic.Uint64 // writing transactions that have ended, however they did
	news    chan struct{} // capacity one: events were committed
}

// dialect is what the engines do differently.
type dialect interface {
	// open gives the writing and the reading pool.
	open(ctx context.Context) (writer, reader *sql.DB, err error)
	// migrate brings the schema up to date.
	migrate(ctx context.Context, db *sql.DB) error
	// begin starts a transaction.
	begin(ctx context.Context, c *sql.Conn, m mode) error
	// tidy runs after each commit of a writer, on its connection.
	tidy(ctx context.Context, c *sql.Conn) error
	// explain says in words for people what went wrong in the engine; nil when
	// that is a bug of ours.
	explain(err error) *inventory.Error
	// match is the condition that a row of the search index has words, with one
	// bind for what allOf or anyOf gives.
	match() string
	allOf(words []string) string
	anyOf(words []string) string
	// matchOutline is match for the index of what definitions define, of which
	// indexOutline and unindexOutline write a row.
	matchOutline() string
	indexOutline(t *session, api int64, words string) error
	unindexOutline(t *session, api int64) error
	// rank is how well a row that match found fits: the better, the lower.
	rank() string
	// index and unindex write the search entry of one resource.
	index(t *session, id int64, texts searchable) error
	unindex(t *session, id int64) error
}

// mode is what a transaction is for.
type mode int

const (
	reading mode = iota + 1
	writing      // what it wrote last may be lost with the power
	durable      // on disk when its commit returns
)

// Open opens the database, makes it if need be, and brings its schema up to
// date. It fails when another server has it open.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(o.Dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("data folder %s is in use by another apicenter server; stop it, or give this one a folder of its own with --data: %w", o.Dir, err)
	}
	s := &Store{news: make(chan struct{}, 1), dialect: &sqliteDialect{path: filepath.Join(o.Dir, "inventory.db")}, lock: lock}
	if s.writer, s.reader, err = s.dialect.open(ctx); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if err := s.dialect.migrate(ctx, s.writer); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the inventory: %w", err), s.Close())
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if err := s.startClock(ctx, o.Wall); err != nil {
		return nil, errors.Join(fmt.Errorf("read when the inventory was last written: %w", err), s.Close())
	}
	s.packer.store = s
	return s, nil
}

// Close closes the database. No method may be called after it.
func (s *Store) Close() error {
	return errors.Join(s.reader.Close(), s.writer.Close(), s.lock.Close())
}

// Writer is the pool that writes. The job queue shares it, since two writers
// on one SQLite file would starve each other.
func (s *Store) Writer() *sql.DB { return s.writer }

// News wakes one who follows the events: it has something after events were
// committed, or a person has steered a webhook. What wakes merges; the events are in the database.
func (s *Store) News() <-chan struct{} { return s.news }

// Generation counts the transactions that may have written: this process is
// the only one that writes to its database.
func (s *Store) Generation() uint64 { return s.written.Load() + 1 }

// View runs f on one consistent state.
func (s *Store) View(ctx context.Context, f func(inventory.Reader) error) error {
	return s.transact(ctx, reading, func(t *session) error { return f(t) })
}

// Update runs f for people.
func (s *Store) Update(ctx context.Context, by string, f func(inventory.Tx) error) error {
	return s.transact(ctx, durable, func(t *session) error {
		w := newWork(t, by)
		if err := f(w); err != nil {
			return err
		}
		return w.finish()
	})
}

// Apply runs f for the holder of a claim.
func (s *Store) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	return s.transact(ctx, writing, func(t *session) error {
		w := newWork(t, "")
		if err := w.resume(c); err != nil {
			return err
		}
		if err := f(w); err != nil {
			return err
		}
		return w.finish()
	})
}

// Times are stored as microseconds, the zero time as 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

var _ inventory.Store = (*Store)(nil)
