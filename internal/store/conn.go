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

// inner is what both drivers' connections can do.
type inner interface {
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
	inner
	kept  *statements
	link  *link // nil for SQLite
	grace time.Duration
	tally *counters
	plain bool // a pooler keeps no prepared statements

	named map[string]string // what scripts have prepared, names by texts

	inTx     bool
	ownPlans bool // the session plans prepared statements for their values
	// usualPlans is the URL's setting for plans, "" for none.
	usualPlans string
	reading    int  // open result sets
	broken     bool // not to be used again
}

// ExecContext runs a statement without rows.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (_ driver.Result, err error) {
	end, err := c.start(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { end(err) }()
	return attempt(ctx, c, query, args, c.inner.ExecContext, statement.ExecContext)
}

// QueryContext runs a statement with rows.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	end, err := c.start(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := attempt(ctx, c, query, args, c.inner.QueryContext, statement.QueryContext)
	if err != nil {
		end(err)
		return nil, err
	}
	c.reading++
	return &rows{Rows: found, conn: c, ctx: ctx, end: end, budget: budget.From(ctx)}, nil
}

// start begins a statement; call end with its error.
func (c *conn) start(ctx context.Context, query string) (end func(error), err error) {
	if c.broken {
		return nil, driver.ErrBadConn
	}
	if c.link != nil && c.reading > 0 {
		return nil, errReading
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	countStatement(ctx)
	c.tally.statements.Add(1)
	watched := c.tally.watch(ctx, query)
	release := c.bind(ctx)
	return func(err error) {
		release()
		watched(err)
	}, nil
}

func (c *conn) bind(ctx context.Context) (end func()) {
	if c.link == nil {
		return func() {}
	}
	return c.link.begin(ctx, c.grace)
}

// attempt runs a statement: prepared and cached if it is cacheable, otherwise unprepared. A stale prepared statement is
// prepared once more, but not in a transaction, which the error has already ended.
func attempt[T any](ctx context.Context, c *conn, query string, args []driver.NamedValue,
	plain func(context.Context, string, []driver.NamedValue) (T, error),
	prepared func(statement, context.Context, []driver.NamedValue) (T, error),
) (T, error) {
	var none T
	if c.unprepared(ctx, query) {
		sent := c.sent()
		result, err := plain(ctx, query, args)
		return result, c.settle(ctx, err, c.sent() != sent && !c.repeatable(query))
	}
	if c.link != nil && !c.inTx {
		if err := c.planFor(ctx, ownPlan(ctx)); err != nil {
			return none, err
		}
	}
	for again := !c.inTx; ; again = false {
		st, err := c.kept.get(ctx, query)
		if err != nil {
			// Preparing a statement has no effect, so it may run again elsewhere.
			return none, c.settle(ctx, err, false)
		}
		sent := c.sent()
		result, err := prepared(st, ctx, args)
		if stale(err) {
			c.kept.forget()
			if again && c.kept.failed == nil {
				continue
			}
		}
		return result, c.settle(ctx, err, c.sent() != sent && !c.repeatable(query))
	}
}

// sent returns the number of bytes sent to the server so far.
func (c *conn) sent() int64 {
	if c.link == nil {
		return 0
	}
	return c.link.written.Load()
}

// repeatable reports whether a statement may run again if it is uncertain whether it ran the first time.
func (c *conn) repeatable(query string) bool { return !c.inTx && reads(query) }

// settle decides after an operation whether the connection is still usable and which error to report. uncertain means that
// the server may have executed the statement although no answer came: then database/sql must not retry, as it does for
// driver.ErrBadConn.
func (c *conn) settle(ctx context.Context, err error, uncertain bool) error {
	if c.kept.failed != nil {
		c.broken = true
	}
	if c.link == nil {
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
	case timedOut(err):
		return &silentError{cause: err}
	default:
		return err
	}
}

// BeginTx starts a transaction.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.broken {
		return nil, driver.ErrBadConn
	}
	if c.link != nil && c.reading > 0 {
		return nil, errReading
	}
	end := c.bind(ctx)
	defer end()
	if err := c.planFor(ctx, false); err != nil {
		return nil, err
	}
	started, err := c.inner.BeginTx(ctx, opts)
	// A lost BEGIN changed nothing.
	if err := c.settle(ctx, err, false); err != nil {
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
	end := c.bind(ctx)
	defer end()
	return c.settle(ctx, c.inner.Ping(ctx), false)
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
	if c.broken || c.link != nil && !c.link.quiet() {
		return driver.ErrBadConn
	}
	return c.inner.ResetSession(ctx)
}

// IsValid reports whether the pool may keep the connection.
func (c *conn) IsValid() bool { return !c.broken && c.reading == 0 && c.inner.IsValid() }

// Close ends the session; the server closes its statements.
func (c *conn) Close() error {
	c.broken = true
	c.tally.connections.Add(-1)
	if c.link == nil {
		c.kept.forget()
		return c.inner.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // from here on only the grace period applies
	defer c.bind(ctx)()
	return c.inner.Close()
}
