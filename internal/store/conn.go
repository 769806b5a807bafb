package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"cloudapi/internal/budget"
)

// driverConn has the methods of both drivers' connections that conn uses.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// counters has the counters that all connections of a store share, and the observer of their statements.
type counters struct {
	statements, connections atomic.Int64
	watcher                 atomic.Pointer[Watcher]
}

// conn wraps a driver's connection for database/sql. It caches prepared statements, bounds every operation by its context,
// counts, and decides whether a statement may run again after its connection was lost. Like every driver connection it is
// used by one goroutine at a time.
type conn struct {
	driverConn
	cache     *statementCache
	netConn   *netConn // nil for SQLite
	grace     time.Duration
	counters  *counters
	noPrepare bool // a transaction pooler loses prepared statements

	scriptNames map[string]string // names of the statements that scripts have prepared, by text

	inTx        bool
	customPlans bool // the session uses custom plans, see setPlanMode
	// planModeDefault is the URL's plan_cache_mode, "" for none.
	planModeDefault string
	openRows        int  // open result sets
	broken          bool // must not be used again
}

// ExecContext runs a statement without rows.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (_ driver.Result, err error) {
	end, err := c.startStatement(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { end(err) }()
	return runStatement(ctx, c, query, args, c.driverConn.ExecContext, statement.ExecContext)
}

// QueryContext runs a statement with rows.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	end, err := c.startStatement(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := runStatement(ctx, c, query, args, c.driverConn.QueryContext, statement.QueryContext)
	if err != nil {
		end(err)
		return nil, err
	}
	c.openRows++
	return &rows{Rows: found, conn: c, ctx: ctx, end: end, budget: budget.From(ctx)}, nil
}

// startStatement begins a statement; call end with its error.
func (c *conn) startStatement(ctx context.Context, query string) (end func(error), err error) {
	if c.broken {
		return nil, driver.ErrBadConn
	}
	if c.netConn != nil && c.openRows > 0 {
		return nil, errReading
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	countStatement(ctx)
	c.counters.statements.Add(1)
	endWatch := c.counters.watch(ctx, query)
	release := c.bindContext(ctx)
	return func(err error) {
		release()
		endWatch(err)
	}, nil
}

// bindContext ends the following operation when ctx ends. Call end after the operation.
func (c *conn) bindContext(ctx context.Context) (end func()) {
	if c.netConn == nil {
		return func() {}
	}
	return c.netConn.begin(ctx, c.grace)
}

// runStatement runs a statement: prepared and cached if it is cacheable, otherwise unprepared. A stale prepared statement is
// prepared once more, but not in a transaction, which the error has already ended.
func runStatement[T any](ctx context.Context, c *conn, query string, args []driver.NamedValue,
	plain func(context.Context, string, []driver.NamedValue) (T, error),
	prepared func(statement, context.Context, []driver.NamedValue) (T, error),
) (T, error) {
	var none T
	if c.unprepared(ctx, query) {
		sent := c.sentBytes()
		result, err := plain(ctx, query, args)
		return result, c.handleError(ctx, err, c.sentBytes() != sent && !c.repeatable(query))
	}
	if c.netConn != nil && !c.inTx {
		if err := c.setPlanMode(ctx, needsCustomPlan(ctx)); err != nil {
			return none, err
		}
	}
	for again := !c.inTx; ; again = false {
		st, err := c.cache.get(ctx, query)
		if err != nil {
			// Preparing a statement has no effect, so it may run again elsewhere.
			return none, c.handleError(ctx, err, false)
		}
		sent := c.sentBytes()
		result, err := prepared(st, ctx, args)
		if isStale(err) {
			c.cache.purge()
			if again && c.cache.failed == nil {
				continue
			}
		}
		return result, c.handleError(ctx, err, c.sentBytes() != sent && !c.repeatable(query))
	}
}

// sentBytes returns the number of bytes sent to the server so far.
func (c *conn) sentBytes() int64 {
	if c.netConn == nil {
		return 0
	}
	return c.netConn.sent.Load()
}

// repeatable reports whether a statement may run again if it is uncertain whether it ran the first time.
func (c *conn) repeatable(query string) bool { return !c.inTx && isReadOnly(query) }

// handleError decides after an operation whether the connection is still usable and which error to report. uncertain means that
// the server may have executed the statement although no answer came: then database/sql must not retry, as it does for
// driver.ErrBadConn.
func (c *conn) handleError(ctx context.Context, err error, uncertain bool) error {
	if c.cache.failed != nil {
		c.broken = true
	}
	if c.netConn == nil {
		return err
	}
	answer, answered := errors.AsType[*pq.Error](err)
	switch {
	case answered && answer.Code == pqerror.ReadOnlySQLTransaction:
		// This server is no longer the primary: the next connection searches the hosts for the primary.
		c.broken = true
	case ctx.Err() != nil && (!answered || answer.Code != pqerror.QueryCanceled):
		// A cancellation is in progress that this operation did not consume. It must not cancel the next operation.
		c.broken = true
	case err != nil && !answered:
		c.broken = true
	}
	switch {
	case err == nil || answered || errors.Is(err, ctx.Err()):
		return err
	case uncertain:
		return &lostError{cause: err}
	case ctx.Err() != nil && errors.Is(err, driver.ErrBadConn):
		// The cancellation closed the connection.
		return ctx.Err()
	case timedOut(err):
		return &timeoutError{cause: err}
	default:
		return err
	}
}

// BeginTx starts a transaction.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.broken {
		return nil, driver.ErrBadConn
	}
	if c.netConn != nil && c.openRows > 0 {
		return nil, errReading
	}
	end := c.bindContext(ctx)
	defer end()
	if err := c.setPlanMode(ctx, false); err != nil {
		return nil, err
	}
	started, err := c.driverConn.BeginTx(ctx, opts)
	// A lost BEGIN changed nothing.
	if err := c.handleError(ctx, err, false); err != nil {
		return nil, err
	}
	c.inTx = true
	return &tx{Tx: started, conn: c, ctx: ctx}, nil
}

// Begin implements database/sql's interface, which prefers BeginTx.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Ping checks that the server answers.
func (c *conn) Ping(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	end := c.bindContext(ctx)
	defer end()
	return c.handleError(ctx, c.driverConn.Ping(ctx), false)
}

// PrepareContext returns a statement that is prepared when it first runs, and cached like every other.
func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &handle{conn: c, query: query}, nil
}

// Prepare implements database/sql's interface, which prefers PrepareContext.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// ResetSession prepares a pooled connection for its next use, or rejects it.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.broken || c.netConn != nil && !c.netConn.isIdle() {
		return driver.ErrBadConn
	}
	return c.driverConn.ResetSession(ctx)
}

// IsValid reports whether the pool may keep the connection.
func (c *conn) IsValid() bool { return !c.broken && c.openRows == 0 && c.driverConn.IsValid() }

// Close ends the session; the server closes its statements.
func (c *conn) Close() error {
	c.broken = true
	c.counters.connections.Add(-1)
	if c.netConn == nil {
		c.cache.purge()
		return c.driverConn.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // from here on only the grace period applies
	defer c.bindContext(ctx)()
	return c.driverConn.Close()
}
