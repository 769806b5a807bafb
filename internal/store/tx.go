package store

import (
	"context"
	"database/sql/driver"
)

// tx is a transaction. Its context bounds the commit too.
type tx struct {
	driver.Tx
	conn *conn
	ctx  context.Context
}

// Commit commits. Without an answer the outcome is unknown.
func (t *tx) Commit() error {
	end := t.conn.counters.watch(t.ctx, "COMMIT")
	err := t.finish(t.Tx.Commit)
	end(err)
	return err
}

// Rollback rolls back. If the transaction's context has ended, it has the grace period.
func (t *tx) Rollback() error { return t.finish(t.Tx.Rollback) }

func (t *tx) finish(finish func() error) error {
	t.conn.inTx = false
	end := t.conn.bindContext(t.ctx)
	defer end()
	sent := t.conn.sentBytes()
	err := finish()
	return t.conn.handleError(t.ctx, err, t.conn.sentBytes() != sent)
}

// handle is a statement of database/sql's Prepare: the text, and the connection that caches the prepared statement.
type handle struct {
	conn  *conn
	query string
}

func (h *handle) Close() error  { return nil }
func (h *handle) NumInput() int { return -1 }

func (h *handle) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return h.conn.ExecContext(ctx, h.query, args)
}

func (h *handle) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return h.conn.QueryContext(ctx, h.query, args)
}

// Exec implements database/sql's interface, which prefers ExecContext.
func (h *handle) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }

// Query implements database/sql's interface, which prefers QueryContext.
func (h *handle) Query([]driver.Value) (driver.Rows, error) { return nil, driver.ErrSkip }
