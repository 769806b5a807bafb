package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

type replicaChoiceKey struct{}

// replicaChoice is who answers the queries of a context. It is made once, by the
// first of them: a later query must not see less than an earlier one has seen,
// and standbys are not equally far. From a standby it may turn to the primary,
// which is ahead of all, and never back.
type replicaChoice struct {
	mu      sync.Mutex
	made    bool
	standby *standby // nil for the primary
}

// AllowStandby returns a context on which queries outside a transaction may
// run on a standby that has everything that was committed when the first of
// them began: by whomever, through whichever server. Who asks cannot tell the
// difference. Without it every query runs on the primary.
func AllowStandby(ctx context.Context) context.Context {
	return context.WithValue(ctx, replicaChoiceKey{}, &replicaChoice{})
}

// ChooseAgain returns a context for work that is shared with others who came
// later than ctx's operation began: it may use a standby where ctx may, and
// chooses one that has everything that was committed until now.
func ChooseAgain(ctx context.Context) context.Context {
	if _, allowed := ctx.Value(replicaChoiceKey{}).(*replicaChoice); !allowed {
		return ctx
	}
	return AllowStandby(ctx)
}

// route says where a statement outside a transaction runs: a query with the
// readers, or on a standby where its context allows that and the standby has
// come far enough; everything else with the writer. In doubt the writer it is:
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

// abandon turns the queries that follow to the primary.
func (c *replicaChoice) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standby = nil
}

// pick returns a standby that has everything committed so far, nil where there
// is none. They take turns. What is committed only the primary knows; when it
// does not say, it gets the query, and the caller hears what is wrong with it.
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

// runWithHealthCheck runs a query on a standby, and gives it up when the standby does not
// answer whether it is still there: one that is frozen would keep it until the
// caller's time is over.
func (b *standby) runWithHealthCheck(ctx context.Context, run func(context.Context) error) error {
	if b == nil {
		return run(ctx)
	}
	watched, cancel := context.WithCancel(ctx)
	answered := make(chan struct{})
	watch := time.AfterFunc(freshFor, func() { b.watch(watched, answered, cancel) })
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

var errGivenUp = errors.New("the standby was asked whether it is still there, and did not answer")

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

// shouldFallBack reports whether a query that failed on a standby before it gave
// anything should run on the primary: the standby is away, or was replaying
// what the query was looking at.
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

// recovering reports whether a code may mean that the query was in the way of
// the replay, or is more than a query.
func recovering(code pqerror.Code) bool {
	return code == pqerror.TRSerializationFailure || code == pqerror.TRDeadlockDetected ||
		code == pqerror.ReadOnlySQLTransaction
}
