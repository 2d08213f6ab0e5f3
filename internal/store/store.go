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
	"sync"
	"time"

	"apicenter/internal/inventory"
)

// Options say where the inventory is.
type Options struct {
	Dir string // folder of the SQLite database, made if need be; one server at a time
}

// Store is an inventory in a database.
type Store struct {
	dialect dialect
	writer  *sql.DB // SQLite: one connection, shared with whoever else writes (the job queue)
	reader  *sql.DB
	lock    io.Closer
	stmts   [2]sync.Map // prepared statements of writer and reader, by their text
	packer  packer
}

// dialect is what the engines do differently.
type dialect interface {
	// open gives the writing and the reading pool.
	open(ctx context.Context) (writer, reader *sql.DB, err error)
	// migrate brings the schema up to date.
	migrate(ctx context.Context, db *sql.DB) error
	// begin starts a writing transaction; a durable one is on disk when its
	// commit returns, another may be lost with the power.
	begin(ctx context.Context, db *sql.DB, durable bool) (*sql.Tx, error)
	// match is the condition that a row of the search index has all words, with
	// one bind for what query gives.
	match() string
	query(words []string) string
	// index and unindex write the search entry of one resource.
	index(ctx context.Context, t *session, id int64, texts searchable) error
	unindex(ctx context.Context, t *session, id int64) error
}

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
	s := &Store{dialect: &sqlite{path: filepath.Join(o.Dir, "inventory.db")}, lock: lock}
	if s.writer, s.reader, err = s.dialect.open(ctx); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if err := s.dialect.migrate(ctx, s.writer); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the inventory: %w", err), s.Close())
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

// View runs f on one consistent state.
func (s *Store) View(ctx context.Context, f func(inventory.Reader) error) error {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	t := &session{ctx: ctx, store: s, tx: tx, stmts: &s.stmts[1], db: s.reader}
	defer t.keep()
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return f(t)
}

// Update runs f for people.
func (s *Store) Update(ctx context.Context, by string, f func(inventory.Tx) error) error {
	return s.update(ctx, true, func(t *session) error {
		w := newWork(t, by)
		if err := f(w); err != nil {
			return err
		}
		return w.finish()
	})
}

// Apply runs f for the holder of a claim.
func (s *Store) Apply(ctx context.Context, c inventory.Claim, f func(inventory.SourceTx) error) error {
	return s.update(ctx, false, func(t *session) error {
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

func (s *Store) update(ctx context.Context, durable bool, f func(*session) error) error {
	tx, err := s.dialect.begin(ctx, s.writer, durable)
	if err != nil {
		return fmt.Errorf("begin to write: %w", err)
	}
	t := &session{ctx: ctx, store: s, tx: tx, stmts: &s.stmts[0], db: s.writer, now: now()}
	defer t.keep()
	defer tx.Rollback() //nolint:errcheck // after a commit it says so; before, the error that led here is told
	if err := f(t); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// session is one transaction with prepared statements.
type session struct {
	ctx   context.Context // of the transaction, which is bound to it
	store *Store
	tx    *sql.Tx
	db    *sql.DB
	stmts *sync.Map
	fresh map[string]*sql.Stmt // prepared for this transaction only
	now   time.Time
}

// prepared gives the statement of a text that is a constant of the program. A
// statement that outlives transactions cannot be made while this one holds the
// only connection: the first time, it is made for this transaction, and for
// good when the transaction has ended.
func (t *session) prepared(text string) (*sql.Stmt, error) {
	if stmt, ok := t.stmts.Load(text); ok {
		return t.tx.StmtContext(t.ctx, stmt.(*sql.Stmt)), nil
	}
	if stmt, ok := t.fresh[text]; ok {
		return stmt, nil
	}
	stmt, err := t.tx.PrepareContext(t.ctx, text)
	if err != nil {
		return nil, err
	}
	if t.fresh == nil {
		t.fresh = map[string]*sql.Stmt{}
	}
	t.fresh[text] = stmt
	return stmt, nil
}

// keep prepares what this transaction, now ended, found missing.
func (t *session) keep() {
	for text := range t.fresh {
		stmt, err := t.db.PrepareContext(context.WithoutCancel(t.ctx), text)
		if err != nil {
			continue // the next one to need it will see the error
		}
		if _, lost := t.stmts.LoadOrStore(text, stmt); lost {
			_ = stmt.Close() // another one prepared it first
		}
	}
}

func (t *session) exec(text string, args ...any) (sql.Result, error) {
	stmt, err := t.prepared(text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(t.ctx, args...)
}

func (t *session) rows(text string, args ...any) (*sql.Rows, error) {
	stmt, err := t.prepared(text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, args...)
}

// row scans one row; sql.ErrNoRows when there is none.
func (t *session) row(dest []any, text string, args ...any) error {
	stmt, err := t.prepared(text)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(t.ctx, args...).Scan(dest...)
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

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

var _ inventory.Store = (*Store)(nil)
