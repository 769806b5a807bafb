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

// poolSize keeps a pool as large as its PostgreSQL server allows, so that what
// finds no connection waits for one of the pool's own. The first connection tells
// how many the server takes; a server that others have filled up refuses more.
type poolSize struct {
	log *slog.Logger

	mu       sync.Mutex
	db       *sql.DB
	wanted   int
	asked    bool
	restores bool // the size comes back
}

const (
	// restoreAfter is when a pool that was made smaller tries its size again.
	restoreAfter = 10 * time.Second
	// fullPause is how long to wait for a server that is full and has no
	// connection of this pool.
	fullPause = 100 * time.Millisecond
)

// serverRoom is how many connections the server takes from users like this one.
const serverRoom = `SELECT (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
	- coalesce(current_setting('reserved_connections', true), '0')::int)::text`

// set makes size the pool's size.
func (p *poolSize) set(db *sql.DB, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.db, p.wanted = db, size
}

// pooled reports whether there is a pool: the connections of migrations are none.
func (p *poolSize) pooled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.db != nil
}

// learn asks the server of the first connection how many it takes.
func (p *poolSize) learn(ctx context.Context, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked || p.db == nil {
		return
	}
	room, err := readInt(ctx, c, serverRoom)
	if err != nil {
		return // the next connection asks again
	}
	p.asked = true
	if room >= 1 && room < p.wanted {
		p.log.WarnContext(ctx, "the server takes fewer connections than --max-conns; as many are used", "max-conns", p.wanted, "server", room)
		p.wanted = room
		p.resize(room)
	}
}

// readInt reads one number.
func readInt(ctx context.Context, c *conn, query string) (int, error) {
	text, err := c.ask(ctx, query)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// shrink makes the pool as large as it is, for a while: the server is full. It
// returns false where the pool has no connection to wait for.
func (p *poolSize) shrink() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := p.db.Stats().OpenConnections - 1 // without the one that was refused
	if open < 1 {
		return false
	}
	p.resize(open)
	if !p.restores {
		p.restores = true
		service.AfterFunc(p.log, "pool-size", restoreAfter, p.restore)
	}
	return true
}

func (p *poolSize) restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restores = false
	p.resize(p.wanted)
}

func (p *poolSize) resize(n int) {
	p.db.SetMaxOpenConns(n)
	p.db.SetMaxIdleConns(n)
}

// connect opens a connection. Where the server is full it has database/sql wait
// for one of the pool's, or waits itself where there is none.
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
