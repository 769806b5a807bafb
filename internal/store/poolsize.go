package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"cloudapi/internal/service"
)

// poolSize limits a pool to the number of connections that its PostgreSQL server allows. An operation without a
// connection then waits for one of the pool's, instead of failing. The first connection reads the server's limit. If
// other clients use up the server's connections, the pool shrinks for a while.
type poolSize struct {
	log *slog.Logger

	mu        sync.Mutex
	db        *sql.DB
	max       int
	limitRead bool
	restoring bool // the size will be restored
}

const (
	// restoreAfter is when a pool that was made smaller tries its original size again.
	restoreAfter = 10 * time.Second
	// fullPause is how long to wait if the server is full and this pool has no connection.
	fullPause = 100 * time.Millisecond
)

// serverLimitQuery queries how many connections the server allows to ordinary users.
const serverLimitQuery = `SELECT (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
	- coalesce(current_setting('reserved_connections', true), '0')::int)::text`

// set sets the pool's size.
func (p *poolSize) set(db *sql.DB, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.db, p.max = db, size
}

// pooled reports whether the connections belong to a pool; those of migrations do not.
func (p *poolSize) pooled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.db != nil
}

// readLimit reads the server's limit with the first connection.
func (p *poolSize) readLimit(ctx context.Context, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limitRead || p.db == nil {
		return
	}
	limit, err := readInt(ctx, c, serverLimitQuery)
	if err != nil {
		return // the next connection tries again
	}
	p.limitRead = true
	if limit >= 1 && limit < p.max {
		p.log.WarnContext(ctx, "the server takes fewer connections than --max-conns; as many are used", "max-conns", p.max, "server", limit)
		p.max = limit
		p.resize(limit)
	}
}

// readInt reads one number.
func readInt(ctx context.Context, c *conn, query string) (int, error) {
	text, err := c.queryValue(ctx, query)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// shrink limits the pool to its current size for a while, because the server is full. It returns false if the pool has no
// connection to wait for.
func (p *poolSize) shrink() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := p.db.Stats().OpenConnections - 1 // without the one that was rejected
	if open < 1 {
		return false
	}
	p.resize(open)
	if !p.restoring {
		p.restoring = true
		service.AfterFunc(p.log, "pool-size", restoreAfter, p.restore)
	}
	return true
}

func (p *poolSize) restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restoring = false
	p.resize(p.max)
}

func (p *poolSize) resize(n int) {
	p.db.SetMaxOpenConns(n)
	p.db.SetMaxIdleConns(n)
}

// connect opens a connection. If the server is full, it lets database/sql wait for one of the pool's connections, or waits
// itself if the pool has none.
func (p *poolSize) connect(ctx context.Context, open func(context.Context) (driver.Conn, error)) (driver.Conn, error) {
	for {
		opened, err := open(ctx)
		if refused, ok := errors.AsType[*pq.Error](err); !ok || !p.pooled() || refused.Code != pqerror.TooManyConnections {
			return opened, err
		}
		if p.shrink() {
			return nil, driver.ErrBadConn
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(fullPause):
		}
	}
}
