package store

import (
	"context"
	"database/sql/driver"
	"strings"

	"modernc.org/sqlite"
)

// connector opens connections for database/sql that keep their statements.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &connection{engine: conn.(engine), idle: map[string]driver.Stmt{}}, nil
}

func (c *connector) Driver() driver.Driver { return c.driver }

// engine is what the driver's connections can do.
type engine interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// connection keeps the statements that it has prepared, by their text: to
// compile one takes several times as long as to run it. database/sql could keep
// them for us only where no transaction holds the connection that they are
// prepared on, and the writer has but one. It is used by one goroutine at a time.
type connection struct {
	engine
	idle  map[string]driver.Stmt
	level string // of synchronous; "" until it was set
	log   int64  // size of the write-ahead log when it was last too large
}

// keptStatements bounds how many a connection keeps. Filters can have any shape.
const keptStatements = 200

func (c *connection) take(ctx context.Context, text string) (driver.Stmt, error) {
	if stmt, ok := c.idle[text]; ok {
		delete(c.idle, text) // a text may run twice at once: rows within rows
		return stmt, nil
	}
	return c.engine.PrepareContext(ctx, text)
}

func (c *connection) give(text string, stmt driver.Stmt) error {
	if _, ok := c.idle[text]; ok {
		return stmt.Close()
	}
	if len(c.idle) >= keptStatements {
		if err := c.forget(); err != nil {
			return err
		}
	}
	c.idle[text] = stmt
	return nil
}

// forget closes the statements that are kept.
func (c *connection) forget() (err error) {
	for _, stmt := range c.idle {
		if failed := stmt.Close(); err == nil {
			err = failed
		}
	}
	clear(c.idle)
	return err
}

// pragma says that a text takes effect when it is compiled, so that running it
// again without compiling it would do nothing.
func pragma(text string) bool {
	return len(text) > 6 && strings.EqualFold(text[:6], "pragma")
}

func (c *connection) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if pragma(text) {
		return c.engine.ExecContext(ctx, text, args)
	}
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if failed := c.give(text, stmt); err == nil {
		err = failed
	}
	return result, err
}

func (c *connection) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if pragma(text) {
		return c.engine.QueryContext(ctx, text, args)
	}
	stmt, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		_ = c.give(text, stmt) // the query's error says more
		return nil, err
	}
	return &results{Rows: rows, connection: c, text: text, stmt: stmt}, nil
}

// synchronous sets whether a commit waits for the disk. It is a setting of the
// connection, so the connection remembers it: one that was opened anew has the default.
func (c *connection) synchronous(ctx context.Context, level string) error {
	if c.level == level {
		return nil
	}
	if _, err := c.engine.ExecContext(ctx, "pragma synchronous = "+level, nil); err != nil {
		return err
	}
	c.level = level
	return nil
}

// restart begins the write-ahead log anew if it is too large.
func (c *connection) restart(ctx context.Context, size int64) error {
	if size < walLimit {
		c.log = 0
		return nil
	}
	if size < c.log+walLimit {
		return nil
	}
	c.log = size
	for _, text := range []string{"pragma busy_timeout = " + walPatience, "pragma wal_checkpoint(truncate)", "pragma busy_timeout = " + patience} {
		if _, err := c.engine.ExecContext(ctx, text, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *connection) Close() error {
	err := c.forget()
	if failed := c.engine.Close(); err == nil {
		err = failed
	}
	return err
}

// results are rows that give their statement back.
type results struct {
	driver.Rows
	connection *connection
	text       string
	stmt       driver.Stmt
}

func (r *results) Close() error {
	err := r.Rows.Close()
	if failed := r.connection.give(r.text, r.stmt); err == nil {
		err = failed
	}
	return err
}
