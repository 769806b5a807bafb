package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"cloudapi/internal/fault"
)

// Times for monitoring standbys. A standby is checked only when a query needs it, so an idle server causes no load.
const (
	// freshFor is how long a replay state is valid. A silent standby gets no queries after that.
	freshFor = time.Second
	// replayWait is how long a read waits for a standby that is behind.
	replayWait = 20 * time.Millisecond
	// askAgain is the pause between two checks while a read waits.
	askAgain = time.Millisecond
	// awayFor is how long a standby that has failed gets no queries.
	awayFor = time.Second
)

var errBehind = errors.New("the standby has come back without what it had before")

// standby is one server that replays the primary's log.
type standby struct {
	db      *sql.DB
	asker   *sql.DB // a separate connection: checks do not queue behind queries
	where   coalescer[replayState]
	host    string
	log     *slog.Logger
	queries atomic.Int64
	refused atomic.Int64

	mu     sync.Mutex
	seen   replayState // the last answer
	asked  time.Time   // when it came
	max    replayState // maximum of all answers on this timeline
	due    replayState // no read waits for the standby until it has replayed this far
	away   time.Time   // no queries until then
	doubt  bool        // it has failed and not answered since
	trying bool        // a check whether it is back is running
	opened int64       // connections opened so far
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
		// One pool for each server: LSNs belong to servers.
		config := a.config
		config.Host, config.Hostaddr, config.Port, config.Multi = host.Host, host.Hostaddr, host.Port, nil
		b, err := s.openStandby(config)
		if err != nil {
			return err
		}
		s.standbys = append(s.standbys, b)
	}
	c, err := newConnector(s.address.config, s.options, s.options.QueryTimeout, s.counters)
	if err != nil {
		return err
	}
	s.asker = s.serverPool(c, 1)
	s.frontier.fetch = func(ctx context.Context) (replayState, error) {
		s.questions.Add(1)
		return readReplayState(ctx, s.asker, primaryStateQuery)
	}
	return nil
}

func (s *Store) openStandby(config pq.Config) (*standby, error) {
	// The replay state belongs to one server, so the URL of a standby must not be a pooler that switches servers between
	// transactions.
	options := s.options
	options.TransactionPooling = false
	b := &standby{host: config.Host, log: s.options.Logger}
	c, err := newConnector(config, options, s.options.QueryTimeout, s.counters)
	if err != nil {
		return nil, err
	}
	c.accept = b.accept
	size := s.options.MaxConns
	if size == 0 {
		size = 20
	}
	b.db = s.serverPool(c, size)
	if c, err = newConnector(config, options, s.options.QueryTimeout, s.counters); err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	b.asker = s.serverPool(c, 1)
	b.where.fetch = func(ctx context.Context) (replayState, error) {
		return readReplayState(ctx, b.asker, standbyStateQuery)
	}
	return b, nil
}

// accept checks a new connection before anything runs on it. The replayed LSN of a running standby only grows, so its known
// state holds for existing connections; but after a restart a standby may have replayed less than before.
func (b *standby) accept(ctx context.Context, c *conn) error {
	at, err := c.where(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened++
	if b.max != (replayState{}) && !at.covers(b.max) {
		return errBehind
	}
	return nil
}

// reaches reports whether the standby has replayed the given state of the primary. It waits until the given time, but not if
// another read has already waited in vain for the same standby.
func (b *standby) reaches(ctx context.Context, wanted replayState, until time.Time) bool {
	for {
		if has, ask := b.known(wanted); !ask {
			return has
		}
		b.look(ctx)
		if has, ask := b.known(wanted); !ask {
			return has
		}
		if !b.worthWaiting(wanted, until) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(askAgain):
		}
	}
}

// known compares with the known state, without a query; ask reports that a query might help. If a standby has failed, only
// one operation waits for its answer.
func (b *standby) known(wanted replayState) (has, ask bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Before(b.away) || b.doubt && b.trying {
		return false, false
	}
	has = !b.doubt && b.seen.covers(wanted) && now.Sub(b.asked) < freshFor
	return has, !has
}

// look queries the replay state of the standby.
func (b *standby) look(ctx context.Context) {
	b.mu.Lock()
	opened, trial := b.opened, b.doubt
	if trial && b.trying {
		b.mu.Unlock()
		return
	}
	b.trying = trial
	b.mu.Unlock()
	at, err := b.where.get(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.trying = false
	}
	switch {
	case err != nil && ctx.Err() == nil:
		b.fail(err)
	case err == nil && opened == b.opened:
		// If a connection was opened meanwhile, the answer may be from before a restart of the server, and the connection
		// from after it.
		b.seen, b.asked, b.doubt = at, time.Now(), false
		if at.covers(b.max) || at.timeline != b.max.timeline {
			b.max = at
		}
	}
}

// worthWaiting reports whether to check again soon. After the given time no read waits until the standby has replayed the
// wanted state.
func (b *standby) worthWaiting(wanted replayState, until time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.due.timeline == wanted.timeline && !b.seen.covers(b.due) {
		return false
	}
	b.due = replayState{}
	if time.Now().Before(until) {
		return true
	}
	b.due = wanted
	return false
}

// failed marks the standby as away for awayFor.
func (b *standby) failed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail(err)
}

func (b *standby) fail(err error) {
	if !b.doubt {
		b.log.Warn("a standby does not answer: its queries run on the primary", "host", b.host, "error", err)
	}
	b.away, b.doubt = time.Now().Add(awayFor), true
}

func (b *standby) close() error { return errors.Join(b.db.Close(), b.asker.Close()) }

func (b *standby) stats() StandbyStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return StandbyStats{
		Host: b.host, Pool: b.db.Stats(), Queries: b.queries.Load(), Refused: b.refused.Load(), Position: b.seen.lsn,
	}
}
