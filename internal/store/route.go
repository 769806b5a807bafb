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

// replicaChoice is the server that answers the queries of a context. The first query chooses it, because a later query
// must not see less than an earlier one, and standbys differ in how far they have replayed. The choice may change from a
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

// ChooseStandbyAgain returns a context for work that is shared with operations that began later than that of ctx. It may
// use a standby if ctx may, and chooses one that has replayed everything committed until now.
func ChooseStandbyAgain(ctx context.Context) context.Context {
	if _, allowed := ctx.Value(replicaChoiceKey{}).(*replicaChoice); !allowed {
		return ctx
	}
	return AllowStandby(ctx)
}

// route chooses the pool for a statement outside a transaction. A query runs on the readers, or on a standby if its
// context allows that and the standby has replayed enough. Everything else runs on the writer, also a statement that may
// write: ent sends INSERT … RETURNING as a query.
func (s *Store) route(ctx context.Context, query string) (*sql.DB, *standby) {
	switch {
	case !isReadOnly(query):
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
		c.made, c.standby = true, s.pickStandby(ctx)
	}
	return c.standby
}

// usePrimary makes the following queries of the context run on the primary.
func (c *replicaChoice) usePrimary() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standby = nil
}

// pickStandby returns a standby that has replayed everything committed so far, or nil. It rotates among the standbys.
// Only the primary has the position of the last commit; if it does not answer, the query runs on the primary, which
// reports the error.
func (s *Store) pickStandby(ctx context.Context) *standby {
	target, err := s.primaryState.get(ctx)
	if err != nil {
		return nil
	}
	until := time.Now().Add(replayWait)
	first := int(s.nextStandby.Add(1) % int64(len(s.standbys)))
	for i := range s.standbys {
		candidate := s.standbys[(first+i)%len(s.standbys)]
		if candidate.hasReplayed(ctx, target, until) {
			return candidate
		}
		candidate.refused.Add(1)
	}
	return nil
}

// runWithHealthCheck runs a query on a standby, and cancels it when the standby does not answer health checks. Without
// that a frozen standby would block the query until the caller's deadline.
func (b *standby) runWithHealthCheck(ctx context.Context, run func(context.Context) error) error {
	if b == nil {
		return run(ctx)
	}
	watched, cancel := context.WithCancel(ctx)
	answered := make(chan struct{})
	watch := service.AfterFunc(b.log, "standby-health-check", stateMaxAge, func() { b.checkHealth(watched, answered, cancel) })
	err := run(watched)
	close(answered)
	watch.Stop()
	if err == nil {
		return nil // the rows may still be read: their context must not end before ctx
	}
	if watched.Err() != nil && ctx.Err() == nil {
		err = errUnhealthy // replaces the error that the cancellation caused
	}
	cancel()
	return err
}

// errUnhealthy is the error of a query that was cancelled because its standby did not answer a health check.
var errUnhealthy = errors.New("the standby did not answer a health check")

// checkHealth checks the standby until the query is answered, and cancels the query if a check fails.
func (b *standby) checkHealth(ctx context.Context, answered <-chan struct{}, cancel context.CancelFunc) {
	for {
		b.refresh(ctx)
		select {
		case <-answered:
			return
		default:
		}
		if b.isUnhealthy() {
			cancel()
			return
		}
		select {
		case <-answered:
			return
		case <-time.After(stateMaxAge):
		}
	}
}

func (b *standby) isUnhealthy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unhealthy
}

// shouldFallBack reports whether a query that failed on a standby before its first row should run on the primary:
// because the standby is away, or because the query conflicted with the replay.
func (s *Store) shouldFallBack(ctx context.Context, b *standby, err error) bool {
	if b == nil || err == nil || ctx.Err() != nil {
		return false
	}
	if answer, ok := errors.AsType[*pq.Error](err); ok && !isReplayConflict(answer.Code) {
		if !isUnavailableCode(answer.Code) {
			return false
		}
		b.markFailed(err)
	} else if !ok {
		b.markFailed(err)
	}
	if c, ok := ctx.Value(replicaChoiceKey{}).(*replicaChoice); ok {
		c.usePrimary()
	}
	s.fallbacks.Add(1)
	return true
}

// isReplayConflict reports whether a code may mean that the query conflicted with the replay, or that the statement
// writes.
func isReplayConflict(code pqerror.Code) bool {
	return code == pqerror.TRSerializationFailure || code == pqerror.TRDeadlockDetected ||
		code == pqerror.ReadOnlySQLTransaction
}
