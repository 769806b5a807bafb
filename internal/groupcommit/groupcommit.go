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
	// Alone is called for each change that is made in the ordinary way; it may be nil.
	Alone func()
}

// Committer makes changes. It is safe for concurrent use.
type Committer struct {
	store *store.Store
	o     Options
	queue *batch.Group[struct{}, *member, struct{}]

	mu   sync.Mutex
	held map[uuid.UUID]int // number of changes of an object that wait for it outside of groups
}

// errAlone means that nothing was changed, and the change must be made in the ordinary way.
var errAlone = errors.New("groupcommit: to be made alone")

// errHeld is errAlone for a change whose object another transaction locks.
var errHeld = errors.New("groupcommit: the object is held")

// New returns a Committer on a database.
func New(s *store.Store, o Options) *Committer {
	o.LockTimeout = cmp.Or(o.LockTimeout, 50*time.Millisecond)
	if o.Alone == nil {
		o.Alone = func() {}
	}
	c := &Committer{store: s, o: o, held: map[uuid.UUID]int{}}
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
	err := errAlone
	switch {
	case (change.OnlyWrites || !c.postgres()) && !change.Limited && !c.isHeld(change.Key):
		m := &member{ctx: ctx, change: change}
		if _, err = c.queue.Do(ctx, struct{}{}, m); err != nil && !m.run {
			err = errAlone // its time is over: the ordinary way reports that
		}
	case c.postgres():
		err = c.single(ctx, change)
	}
	switch {
	case errors.Is(err, errHeld):
		defer c.hold(change.Key)()
	case !errors.Is(err, errAlone):
		return err
	}
	c.o.Alone()
	return change.Work(ctx)
}

// hold keeps the changes of an object out of groups until the returned function is called: they would wait for the same row.
func (c *Committer) hold(key uuid.UUID) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.held[key]--; c.held[key] == 0 {
			delete(c.held, key)
		}
	}
}

func (c *Committer) isHeld(key uuid.UUID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return key != uuid.Nil && c.held[key] > 0
}

// run makes the changes of a group, within the time limit of each.
func (c *Committer) run(ctx context.Context, _ struct{}, all []*member) []batch.Result[struct{}] {
	var present []*member
	for _, m := range all {
		m.run, m.outcome = true, errAlone
		if m.ctx.Err() == nil {
			present = append(present, m)
		}
	}
	ctx, cancel := shortest(ctx, present)
	defer cancel()
	if c.postgres() {
		c.sideBySide(ctx, present)
	} else {
		c.inTurn(ctx, present)
	}
	results := make([]batch.Result[struct{}], len(all))
	for i, m := range all {
		results[i].Err = m.outcome
	}
	return results
}

// shortest returns a context that ends with the first of the members' contexts.
func shortest(ctx context.Context, all []*member) (context.Context, context.CancelFunc) {
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

// joined has the values of a member's context, and ends with its group.
type joined struct {
	context.Context
	values context.Context
}

func (j joined) Value(key any) any { return j.values.Value(key) }
