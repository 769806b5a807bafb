// Package groupcommit makes changes of the database that come at the same time
// in one transaction, and sends PostgreSQL the statements of many in one message.
// A change is a function of a transaction, as ever: what it does with ent arrives
// here below ent, with all policies, hooks and validators applied.
//
//   - On PostgreSQL the changes of a group run side by side. Each runs until it
//     needs the result of a statement; then the statements of all are sent
//     together, and all go on. What needs no result (INSERT) is kept back until
//     then, or until the commit. Most changes take two round trips so, however
//     many are in the group.
//   - That suits changes that only write. Changes that read are sent by the same
//     means, but have a transaction of their own.
//   - On SQLite the changes of a group run one after the other, each behind a
//     savepoint. They may do anything, and share one sync of the disk.
//
// A change that fails in a group is rolled back and made again by itself, in the
// ordinary way, which reports its error. It does not affect the others, or they
// are made again as well.
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

// Change is what is made in a transaction.
type Change struct {
	// OnlyWrites says that the work reads nothing but the rows that it has just
	// updated, so that it may run side by side with others of that kind.
	OnlyWrites bool
	// Limited says that the change has a time limit of its own.
	Limited bool
	// Key is the object that the change works on, uuid.Nil for a new one.
	Key uuid.UUID
	// Work makes the change in a transaction that it begins with the context, and
	// commits. It may be called twice: what it has done in a group is then undone.
	Work func(ctx context.Context) error
}

// Options of a Committer. Zero values mean the defaults.
type Options struct {
	// LockTimeout is how long a group waits for a row that another transaction
	// holds, 50 ms. A change that would wait longer leaves the group.
	LockTimeout time.Duration
	// Parallel is how many groups PostgreSQL works on at once, 2: while one is
	// committed another one begins.
	Parallel int
	// Executed is called with the number of changes of each group, nil for nothing.
	Executed func(int)
	// Alone is called for each change that is made in the ordinary way, nil for
	// nothing.
	Alone func()
}

// Committer makes changes. It is safe for concurrent use.
type Committer struct {
	store *store.Store
	o     Options
	queue *batch.Group[struct{}, *member, struct{}]

	mu   sync.Mutex
	held map[uuid.UUID]int // changes of an object that wait for it outside of groups
}

// errAlone says that nothing was made of a change, which is still to be made in
// the ordinary way.
var errAlone = errors.New("groupcommit: to be made alone")

// errHeld is errAlone for a change whose object another transaction holds.
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

// Present is how many changes are in groups, or wait for one.
func (c *Committer) Present() int { return c.queue.Present() }

// Do makes a change. On a nil Committer that is the ordinary way.
func (c *Committer) Do(ctx context.Context, change Change) error {
	if c == nil {
		return change.Work(ctx)
	}
	err := errAlone
	switch {
	case (change.OnlyWrites || !c.postgres()) && !change.Limited && !c.isHeld(change.Key):
		m := &member{ctx: ctx, change: change}
		if _, err = c.queue.Do(ctx, struct{}{}, m); err != nil && !m.run {
			err = errAlone // its time is over: the ordinary way says so
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

// hold keeps the changes of an object out of groups, until the function returned
// is called: they would wait for the same row.
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

// run makes the changes of a group, in the time that each of them has.
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

// shortest returns a context that ends when the first of the members' does.
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
