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
	// stateMaxAge is how long a replay state is valid. A silent standby gets no queries after that.
	stateMaxAge = time.Second
	// replayWait is how long a read waits for a standby that is behind.
	replayWait = 20 * time.Millisecond
	// pollInterval is the pause between two checks while a read waits.
	pollInterval = time.Millisecond
	// awayTime is how long a standby that has failed gets no queries.
	awayTime = time.Second
)

// errBehind means that the standby has replayed less than before, as after a restart from an older copy.
var errBehind = errors.New("the standby has come back without what it had before")

// standby is one server that replays the primary's log.
type standby struct {
	db      *sql.DB
	monitor *sql.DB // a separate connection: checks do not queue behind queries
	state   coalescer[replayState]
	host    string
	log     *slog.Logger
	queries atomic.Int64
	refused atomic.Int64

	mu           sync.Mutex
	lastState    replayState // the last answer
	lastAnswer   time.Time   // when lastState was received
	maxState     replayState // maximum of all answers on this timeline
	noWaitBefore replayState // no read waits for the standby until it has replayed this far
	awayUntil    time.Time   // no queries until then
	unhealthy    bool        // it has failed and not answered since
	probing      bool        // a check whether it answers again is running
	connections  int64       // connections opened so far
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
	s.primaryMonitor = s.serverPool(c, 1)
	s.primaryState.fetch = func(ctx context.Context) (replayState, error) {
		s.stateQueries.Add(1)
		return readReplayState(ctx, s.primaryMonitor, primaryStateQuery)
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
	b.monitor = s.serverPool(c, 1)
	b.state.fetch = func(ctx context.Context) (replayState, error) {
		return readReplayState(ctx, b.monitor, standbyStateQuery)
	}
	return b, nil
}

// accept checks a new connection before anything runs on it. The replayed LSN of a running standby only grows, so its known
// state holds for existing connections; but after a restart a standby may have replayed less than before.
func (b *standby) accept(ctx context.Context, c *conn) error {
	at, err := c.queryReplayState(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connections++
	if b.maxState != (replayState{}) && !at.covers(b.maxState) {
		return errBehind
	}
	return nil
}

// hasReplayed reports whether the standby has replayed the given state of the primary. It waits until the given time, but not if
// another read has already waited in vain for the same standby.
func (b *standby) hasReplayed(ctx context.Context, target replayState, until time.Time) bool {
	for {
		if has, query := b.checkLastState(target); !query {
			return has
		}
		b.refresh(ctx)
		if has, query := b.checkLastState(target); !query {
			return has
		}
		if !b.worthWaiting(target, until) {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollInterval):
		}
	}
}

// checkLastState compares the target with the last answer, without a query; query reports that a new answer might help.
// If a standby has failed, only one operation waits for its answer.
func (b *standby) checkLastState(target replayState) (has, query bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Before(b.awayUntil) || b.unhealthy && b.probing {
		return false, false
	}
	has = !b.unhealthy && b.lastState.covers(target) && now.Sub(b.lastAnswer) < stateMaxAge
	return has, !has
}

// refresh queries the replay state of the standby.
func (b *standby) refresh(ctx context.Context) {
	b.mu.Lock()
	connections, trial := b.connections, b.unhealthy
	if trial && b.probing {
		b.mu.Unlock()
		return
	}
	b.probing = trial
	b.mu.Unlock()
	at, err := b.state.get(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if trial {
		b.probing = false
	}
	switch {
	case err != nil && ctx.Err() == nil:
		b.markFailedLocked(err)
	case err == nil && connections == b.connections:
		// If a connection was opened meanwhile, the answer may be from before a restart of the server, and the connection
		// from after it.
		b.lastState, b.lastAnswer, b.unhealthy = at, time.Now(), false
		if at.covers(b.maxState) || at.timeline != b.maxState.timeline {
			b.maxState = at
		}
	}
}

// worthWaiting reports whether to check again soon. After the given time no read waits until the standby has replayed the
// wanted state.
func (b *standby) worthWaiting(target replayState, until time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noWaitBefore.timeline == target.timeline && !b.lastState.covers(b.noWaitBefore) {
		return false
	}
	b.noWaitBefore = replayState{}
	if time.Now().Before(until) {
		return true
	}
	b.noWaitBefore = target
	return false
}

// markFailed marks the standby as away for awayTime.
func (b *standby) markFailed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.markFailedLocked(err)
}

func (b *standby) markFailedLocked(err error) {
	if !b.unhealthy {
		b.log.Warn("a standby does not answer: its queries run on the primary", "host", b.host, "error", err)
	}
	b.awayUntil, b.unhealthy = time.Now().Add(awayTime), true
}

func (b *standby) close() error { return errors.Join(b.db.Close(), b.monitor.Close()) }

func (b *standby) stats() StandbyStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	return StandbyStats{
		Host: b.host, Pool: b.db.Stats(), Queries: b.queries.Load(), Refused: b.refused.Load(), LSN: b.lastState.lsn,
	}
}
