// Package groupcommit makes concurrent changes of the database in one transaction, and sends PostgreSQL the statements of
// many changes in one message. A change is a function that uses a transaction: its calls of ent arrive here below ent, after
// all policies, hooks and validators.
//
//   - On PostgreSQL the changes of a group run concurrently. Each runs until it needs the result of a statement. Then the statements of all are
//     sent together, and all continue. A statement without a needed result (INSERT) is kept back until then, or until the commit. So most changes
//     take two round trips, whatever the size of the group.
//   - This suits changes that only write. Changes that read are sent in the same way, but each in its own transaction.
//   - On SQLite the changes of a group run one after another, each after a savepoint. They may do anything, and share one sync of the disk.
//
// A change that fails in a group is rolled back and made again alone, in the ordinary way, which reports its error. It does
// not affect the others, or they are made again as well.
package groupcommit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"cloudapi/internal/batch"
	"cloudapi/internal/store"
)

// Change is a change to make in a transaction.
type Change struct {
	// OnlyWrites says that the work reads only rows that it has just updated, so that it may run concurrently with others of
	// that kind.
	OnlyWrites bool
	// Limited says that the change has its own time limit.
	Limited bool
	// Key is the object that the change concerns, uuid.Nil for a new one.
	Key uuid.UUID
	// Work makes the change in a transaction that it begins with the context, and commits. It may be called twice; the
	// effects of the first call are then undone.
	Work func(ctx context.Context) error
}

// Options configures a Committer. Zero values mean the defaults.
type Options struct {
	// LockTimeout is how long a group waits for a row that another transaction locks, 50 ms. A change that would wait longer
	// leaves the group.
	LockTimeout time.Duration
	// Parallel is how many groups PostgreSQL executes concurrently, 2: while one commits another one begins.
	Parallel int
	// Executed is called with the number of changes of each group; it may be nil.
	Executed func(int)
	// Ungrouped is called for each change that is made in the ordinary way; it may be nil.
	Ungrouped func()
}

// Committer makes changes. It is safe for concurrent use.
type Committer struct {
	store *store.Store
	o     Options
	queue *batch.Group[struct{}, *member, struct{}]

	mu       sync.Mutex
	excluded map[uuid.UUID]int // by object: the number of its changes that run outside of groups
}

// errNotGrouped means that nothing was changed, and the change must be made in the ordinary way.
var errNotGrouped = errors.New("groupcommit: to be made alone")

// errLocked is errNotGrouped for a change whose object another transaction locks.
var errLocked = errors.New("groupcommit: the object is held")

// New returns a Committer on a database.
func New(s *store.Store, o Options) *Committer {
	o.LockTimeout = cmp.Or(o.LockTimeout, 50*time.Millisecond)
	if o.Ungrouped == nil {
		o.Ungrouped = func() {}
	}
	c := &Committer{store: s, o: o, excluded: map[uuid.UUID]int{}}
	parallel := cmp.Or(o.Parallel, 2)
	if !c.postgres() {
		parallel = 1
	}
	c.queue = batch.New(batch.Options{Parallel: parallel, WaitForResult: true, Executed: o.Executed}, c.run)
	return c
}

func (c *Committer) postgres() bool { return c.store.Dialect() == dialect.Postgres }

// Present returns how many changes are in groups, or wait for one.
func (c *Committer) Present() int { return c.queue.Present() }

// Do makes a change. A nil Committer makes it in the ordinary way.
func (c *Committer) Do(ctx context.Context, change Change) error {
	if c == nil {
		return change.Work(ctx)
	}
	err := errNotGrouped
	switch {
	case (change.OnlyWrites || !c.postgres()) && !change.Limited && !c.isExcluded(change.Key):
		m := &member{ctx: ctx, change: change}
		if _, err = c.queue.Do(ctx, struct{}{}, m); err != nil && !m.run {
			err = errNotGrouped // its time was over before it was in a group: the ordinary way reports that
		}
	case c.postgres():
		err = c.runSingle(ctx, change)
	}
	switch {
	case errors.Is(err, errLocked):
		defer c.exclude(change.Key)()
	case !errors.Is(err, errNotGrouped):
		return err
	}
	c.o.Ungrouped()
	return change.Work(ctx)
}

// exclude keeps the changes of an object out of groups until the returned function is called. In a group they would wait
// for the same locked row.
func (c *Committer) exclude(key uuid.UUID) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.excluded[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.excluded[key]--; c.excluded[key] == 0 {
			delete(c.excluded, key)
		}
	}
}

func (c *Committer) isExcluded(key uuid.UUID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return key != uuid.Nil && c.excluded[key] > 0
}

// run makes the changes of a group, within the time limit of each.
func (c *Committer) run(ctx context.Context, _ struct{}, all []*member) []batch.Result[struct{}] {
	var present []*member
	for _, m := range all {
		m.run, m.outcome = true, errNotGrouped
		if m.ctx.Err() == nil {
			present = append(present, m)
		}
	}
	ctx, cancel := withEarliestDeadline(ctx, present)
	defer cancel()
	if c.postgres() {
		c.runConcurrently(ctx, present)
	} else {
		c.runSequentially(ctx, present)
	}
	results := make([]batch.Result[struct{}], len(all))
	for i, m := range all {
		results[i].Err = m.outcome
	}
	return results
}

// withEarliestDeadline returns a context that ends with the first of the members' contexts.
func withEarliestDeadline(ctx context.Context, all []*member) (context.Context, context.CancelFunc) {
	var ends []time.Time
	for _, m := range all {
		if end, limited := m.ctx.Deadline(); limited {
			ends = append(ends, end)
		}
	}
	if len(ends) == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, slices.MinFunc(ends, time.Time.Compare))
}

// memberContext has the values of a member's context, and ends with the group.
type memberContext struct {
	context.Context
	values context.Context
}

func (j memberContext) Value(key any) any { return j.values.Value(key) }
