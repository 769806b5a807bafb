package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"cloudapi/internal/fault"
)

// How a standby is watched. It is asked when a query needs it and never
// besides, so that an idle server costs nothing.
const (
	// freshFor is how long an answer is trusted without asking again, so that
	// a standby that has fallen silent loses its queries.
	freshFor = time.Second
	// askAgain is the least time between two questions how far it has come.
	askAgain = 5 * time.Millisecond
	// askLimit bounds the question: the primary is there to be used.
	askLimit = 200 * time.Millisecond
	// awayFor is how long a standby that has failed gets no queries.
	awayFor = time.Second
)

// howFar works after a promotion too, when nothing is replayed any more.
const howFar = `SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text`

// standby is one server that replays the primary's log. A position only
// grows, so that the last one seen stays true.
type standby struct {
	db      *sql.DB
	host    string
	queries atomic.Int64
	refused atomic.Int64

	mu       sync.Mutex
	position Position
	asked    time.Time
	asking   bool
	away     time.Time // no queries until then
}

func (s *Store) openStandbys() error {
	a, err := parse(s.options.ReadURL)
	if err != nil {
		return err
	}
	if a.dialect != postgres {
		return fault.New(fault.Invalid, "The database URL for reading must begin with postgres://.")
	}
	hosts := append([]pq.ConfigMultihost{{Host: a.config.Host, Hostaddr: a.config.Hostaddr, Port: a.config.Port}},
		a.config.Multi...)
	for _, host := range hosts {
		// A pool for each: positions belong to servers.
		config := a.config
		config.Host, config.Hostaddr, config.Port, config.Multi = host.Host, host.Hostaddr, host.Port, nil
		c, err := newConnector(config, s.options, s.options.QueryTimeout, s.tally)
		if err != nil {
			return err
		}
		size := s.options.MaxConns
		if size == 0 {
			size = 20
		}
		s.standbys = append(s.standbys, &standby{db: s.pool(sql.OpenDB(c), size), host: host.Host})
	}
	return nil
}

// pick returns a standby that may answer the query, nil for none. They take
// turns.
func (s *Store) pick(ctx context.Context, query string) *standby {
	reached, ok := standbyAllowed(ctx)
	if !ok || len(s.standbys) == 0 || !reads(query) {
		return nil
	}
	first := int(s.tally.statements.Load()) % len(s.standbys)
	for i := range s.standbys {
		candidate := s.standbys[(first+i)%len(s.standbys)]
		if candidate.has(ctx, reached) {
			candidate.queries.Add(1)
			return candidate
		}
		candidate.refused.Add(1)
	}
	return nil
}

// has reports whether the standby has reached a position, asking it when the
// last answer does not say so. Only one query waits for the answer: the
// others go elsewhere meanwhile.
func (b *standby) has(ctx context.Context, wanted Position) bool {
	b.mu.Lock()
	now := time.Now()
	age := now.Sub(b.asked)
	fit := b.position >= wanted && age < freshFor && now.After(b.away)
	if fit || b.asking || now.Before(b.away) || age < askAgain {
		b.mu.Unlock()
		return fit
	}
	b.asking = true
	b.mu.Unlock()

	position, err := b.ask(ctx)

	b.mu.Lock()
	defer b.mu.Unlock()
	b.asking, b.asked = false, time.Now()
	if err != nil {
		if ctx.Err() == nil {
			b.away = b.asked.Add(awayFor)
		}
		return false
	}
	b.position = max(b.position, position)
	return b.position >= wanted
}

func (b *standby) ask(ctx context.Context) (Position, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var text string
	if err := b.db.QueryRowContext(ctx, howFar).Scan(&text); err != nil {
		return 0, err
	}
	return ParsePosition(text)
}

// failed keeps queries away from the standby for a while. What it had reached
// is forgotten: it may come back as another server.
func (b *standby) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = time.Now().Add(awayFor)
	b.position, b.asked = 0, time.Time{}
}

func (b *standby) stats() StandbyStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return StandbyStats{
		Pool: b.db.Stats(), Queries: b.queries.Load(), Refused: b.refused.Load(), Position: b.position,
	}
}
