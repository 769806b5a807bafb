package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"cloudapi/internal/service"
)

type replicaChoiceKey struct{}

// replicaChoice is the server that answers the queries of a context. The first
// query chooses it: a later query must not see less than an earlier one, and
// standbys differ in how far they have replayed. The choice may change from a
// standby to the primary, which is ahead of all standbys, and never back.
type replicaChoice struct {
	mu      sync.Mutex
	made    bool
	standby *standby // nil for the primary
}

// AllowStandby returns a context whose queries outside a transaction may run on
// a standby that has replayed everything committed when the first query began,
// by any client through any server. The answers are the same as the primary's.
// Without it every query runs on the primary.
func AllowStandby(ctx context.Context) context.Context {
	return context.WithValue(ctx, replicaChoiceKey{}, &replicaChoice{})
}

// ChooseAgain returns a context for work that is shared with operations that
// began later than that of ctx. It may use a standby if ctx may, and chooses one
// that has replayed everything committed until now.
func ChooseAgain(ctx context.Context) context.Context {
	if _, allowed := ctx.Value(replicaChoiceKey{}).(*replicaChoice); !allowed {
		return ctx
	}
	return AllowStandby(ctx)
}

// route chooses the pool for a statement outside a transaction. A query runs on
// the readers, or on a standby if its context allows it and the standby has
// replayed enough. Everything else, and everything doubtful, runs on the writer:
// ent sends INSERT … RETURNING as a query.
func (s *Store) route(ctx context.Context, query string) (*sql.DB, *standby) {
	switch {
	case !reads(query):
		return s.writer, nil
	case len(s.standbys) == 0:
		return s.reader, nil
	}
	c, allowed := ctx.Value(replicaChoiceKey{}).(*replicaChoice)
	if !allowed {
		return s.reader, nil
	}
	if b := c.choose(ctx, s); b != nil {
		b.queries.Add(1)
		return b.db, b
	}
	s.fallbacks.Add(1)
	return s.reader, nil
}

func (c *replicaChoice) choose(ctx context.Context, s *Store) *standby {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.made {
		c.made, c.standby = true, s.pick(ctx)
	}
	return c.standby
}

// abandon makes the following queries run on the primary.
func (c *replicaChoice) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standby = nil
}

// pick returns a standby that has replayed everything committed so far, or nil.
// It rotates among the standbys. Only the primary can say what is committed; if
// it does not answer, the query runs on the primary, which reports the error.
func (s *Store) pick(ctx context.Context) *standby {
	wanted, err := s.frontier.get(ctx)
	if err != nil {
		return nil
	}
	until := time.Now().Add(replayWait)
	first := int(s.turn.Add(1) % int64(len(s.standbys)))
	for i := range s.standbys {
		candidate := s.standbys[(first+i)%len(s.standbys)]
		if candidate.reaches(ctx, wanted, until) {
			return candidate
		}
		candidate.refused.Add(1)
	}
	return nil
}

// runWithHealthCheck runs a query on a standby, and cancels it when the standby
// does not answer health checks: a frozen standby would hold the query until the
// caller's deadline.
func (b *standby) runWithHealthCheck(ctx context.Context, run func(context.Context) error) error {
	if b == nil {
		return run(ctx)
	}
	watched, cancel := context.WithCancel(ctx)
	answered := make(chan struct{})
	watch := service.AfterFunc(b.log, "standby-health-check", freshFor, func() { b.watch(watched, answered, cancel) })
	err := run(watched)
	close(answered)
	watch.Stop()
	if err == nil {
		return nil // what run has returned may still be reading: its context ends with ctx
	}
	if watched.Err() != nil && ctx.Err() == nil {
		err = errGivenUp // whatever the standby said to being interrupted
	}
	cancel()
	return err
}

var errGivenUp = errors.New("the standby did not answer a health check")

func (b *standby) watch(ctx context.Context, answered <-chan struct{}, cancel context.CancelFunc) {
	for {
		b.look(ctx)
		select {
		case <-answered:
			return
		default:
		}
		if b.doubtful() {
			cancel()
			return
		}
		select {
		case <-answered:
			return
		case <-time.After(freshFor):
		}
	}
}

func (b *standby) doubtful() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.doubt
}

// shouldFallBack reports whether a query that failed on a standby before its
// first row should run on the primary: the standby is away, or the query
// conflicted with the replay.
func (s *Store) shouldFallBack(ctx context.Context, b *standby, err error) bool {
	if b == nil || err == nil || ctx.Err() != nil {
		return false
	}
	if answer, ok := errors.AsType[*pq.Error](err); ok && !recovering(answer.Code) {
		if !goneCode(answer.Code) {
			return false
		}
		b.failed(err)
	} else if !ok {
		b.failed(err)
	}
	if c, ok := ctx.Value(replicaChoiceKey{}).(*replicaChoice); ok {
		c.abandon()
	}
	s.fallbacks.Add(1)
	return true
}

// recovering reports whether a code may mean that the query conflicted with the
// replay, or that the statement writes.
func recovering(code pqerror.Code) bool {
	return code == pqerror.TRSerializationFailure || code == pqerror.TRDeadlockDetected ||
		code == pqerror.ReadOnlySQLTransaction
}
