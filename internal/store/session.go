package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"apicenter/internal/inventory"
)

// session is one transaction, on a connection that is its own until it ends. It
// does not use sql.Tx, which starts two goroutines for each and one more for
// each query in it; most of ours are over in less time than that takes.
type session struct {
	ctx   context.Context // of the transaction, which is bound to it
	plain context.Context // ctx that never ends, for what is short: the driver watches one that may end with a goroutine
	store *Store
	conn  *sql.Conn
	now   time.Time
	// generation is that of the store before the transaction began; 0 of one that writes.
	generation uint64
	open       bool   // begun and not yet ended
	told       bool   // it has written an event, or what deliveries of events go by
	words      *bool  // whether people said anything of what is one; nil: not asked yet
	sought     sought // the last deep search
	failed     error  // what the database first refused: nothing is committed after it
}

// transact runs f in a transaction. However f ends, by a panic too, nothing of
// it stays unless it returned nil and its context had not ended.
func (s *Store) transact(ctx context.Context, m mode, f func(*session) error) error {
	db, generation := s.writer, uint64(0)
	if m == reading {
		db, generation = s.reader, s.Generation()
	} else {
		defer s.written.Add(1) // whatever became of it
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return s.told(ctx, err)
	}
	t := &session{ctx: ctx, plain: context.WithoutCancel(ctx), store: s, conn: conn, now: s.Now(), generation: generation}
	defer t.end()
	if err := s.dialect.begin(t.plain, conn, m); err != nil {
		return s.told(ctx, err)
	}
	t.open = true
	if err := f(t); err != nil || m == reading {
		return err
	}
	if err := t.ready(); err != nil {
		return err
	}
	if _, err := conn.ExecContext(t.plain, "commit"); err != nil {
		return s.told(ctx, err)
	}
	t.open = false
	if t.told {
		select {
		case s.news <- struct{}{}:
		default: // one that waits is enough
		}
	}
	if err := s.dialect.tidy(t.plain, conn); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // what was committed is; the next writer opens anew
	}
	return nil
}

// end gives the connection back, and rolls back what was not committed. A
// connection that cannot even do that is thrown away.
func (t *session) end() {
	if t.open {
		if _, err := t.conn.ExecContext(t.plain, "rollback"); err != nil {
			_ = t.conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}
	_ = t.conn.Close() // it was thrown away: that is what we wanted
}

// told is an error of the database as people may hear it. What we do not know is a bug of ours.
func (s *Store) told(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if known := s.dialect.explain(err); known != nil {
		return known
	}
	if errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed" { // the latter has no name
		return inventory.Errorf(inventory.Unavailable, "", "the inventory is being shut down")
	}
	return fmt.Errorf("inventory database: %w", err)
}

// ready says why the transaction cannot go on.
func (t *session) ready() error {
	if t.failed != nil {
		return t.failed
	}
	return t.ctx.Err()
}

// fail notes what the database refused. The engine may have ended the
// transaction with it, so whoever ignores the error must not go on to a commit.
func (t *session) fail(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	err = t.store.told(t.ctx, err)
	if t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *session) exec(text string, args ...any) (sql.Result, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	result, err := t.conn.ExecContext(t.plain, text, args...)
	return result, t.fail(err)
}

// insertRow inserts one row into a table whose rows have a number each, and gives the number.
func (t *session) insertRow(text string, args ...any) (int64, error) {
	result, err := t.exec(text, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// row scans one row; sql.ErrNoRows when there is none.
func (t *session) row(dest []any, text string, args ...any) error {
	if err := t.ready(); err != nil {
		return err
	}
	return t.fail(t.conn.QueryRowContext(t.plain, text, args...).Scan(dest...))
}

// query is a statement that gives rows.
type query struct {
	text string
	args []any
	long bool // it may look at many rows to find few, so it must be possible to interrupt it
}

// each yields what scan makes of every row of q. It says whether to go on.
func each[T any](t *session, q query, scan func(*sql.Rows) (T, error), yield func(T, error) bool) bool {
	var none T
	stop := func(err error) bool {
		yield(none, err)
		return false
	}
	if err := t.ready(); err != nil {
		return stop(err)
	}
	ctx := t.plain
	if q.long {
		ctx = t.ctx
	}
	rows, err := t.conn.QueryContext(ctx, q.text, q.args...)
	if err != nil {
		return stop(t.fail(err))
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err == nil {
			err = t.ctx.Err()
		}
		if err != nil {
			return stop(t.fail(err))
		}
		if !yield(v, nil) {
			return false
		}
	}
	if err := rows.Err(); err != nil {
		return stop(t.fail(err))
	}
	return true
}

// collect gathers what scan makes of every row of q.
func collect[T any](t *session, q query, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var out []T
	var failed error
	each(t, q, scan, func(v T, err error) bool {
		if failed = err; err == nil {
			out = append(out, v)
		}
		return true
	})
	return out, failed
}
