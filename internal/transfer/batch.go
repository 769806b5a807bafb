package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// pass determines what happens to an object with a reference to a missing object.
type pass int

const (
	// wait puts the object aside: the referenced object may come later in the source.
	wait pass = iota
	// settle removes references to objects that never came, and keeps objects aside that wait for others.
	settle
	// force removes all references to missing objects.
	force
)

// verdict is the result for an object of a batch. It applies when the batch is committed.
type verdict struct {
	item   Item
	what   string // "" for taken
	reason error
	count  func(*Count)
	aside  bool
	fresh  bool
}

// attempt is an attempt to load some objects in one transaction.
type attempt struct {
	l        *Loader
	tx       *ent.Client
	pass     pass
	verdicts []verdict
	changed  int
}

// flush loads the batch.
func (l *Loader) flush(ctx context.Context, p pass) error {
	some := l.batch
	l.batch, l.rows = nil, 0
	clear(l.guids)
	if len(some) == 0 {
		return nil
	}
	if err := l.hash(ctx, some); err != nil {
		return err
	}
	if err := l.load(ctx, some, p); err != nil {
		return err
	}
	if l.o.Progress != nil {
		l.o.Progress(l.counts)
	}
	return nil
}

// load loads objects in one transaction. If the database rejects it, load tries each half, so that one object does not
// prevent the others.
func (l *Loader) load(ctx context.Context, some []Item, p pass) error {
	a, err := l.attempt(ctx, some, p)
	switch {
	case err == nil:
		return l.apply(a.verdicts)
	case ctx.Err() != nil || !refusal(err):
		return store.Fault(err)
	case len(some) == 1:
		reason, err := l.why(ctx, some[0].Object, store.Fault(err))
		if err != nil {
			return err
		}
		return l.apply([]verdict{{item: some[0], what: Refused, reason: reason, count: refused}})
	}
	half := len(some) / 2
	if err := l.load(ctx, some[:half], p); err != nil {
		return err
	}
	return l.load(ctx, some[half:], p)
}

func refused(c *Count) { c.Refused++ }

// refusal reports whether an error concerns the objects and not the database.
func refusal(err error) bool {
	err = store.Fault(err)
	return fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid)
}

func (l *Loader) attempt(ctx context.Context, some []Item, p pass) (a *attempt, err error) {
	a = &attempt{l: l, pass: p}
	switch {
	case l.o.Verify:
		a.tx = l.o.Client
		return a, a.run(ctx, some)
	case l.dry != nil:
		a.tx = l.dry.Client()
		return a, a.inSavepoint(ctx, some)
	}
	tx, err := l.begin(ctx)
	if err != nil {
		return nil, err
	}
	a.tx = tx.Client()
	if err := a.run(ctx, some); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return a, tx.Commit()
}

func (a *attempt) inSavepoint(ctx context.Context, some []Item) error {
	if _, err := a.tx.ExecContext(ctx, "SAVEPOINT batch"); err != nil {
		return err
	}
	if err := a.run(ctx, some); err != nil {
		if _, back := a.tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT batch"); back != nil {
			return back
		}
		return err
	}
	_, err := a.tx.ExecContext(ctx, "RELEASE SAVEPOINT batch")
	return err
}

func (a *attempt) run(ctx context.Context, some []Item) error {
	started := now()
	for _, kind := range Kinds() {
		var of []Item
		for _, i := range some {
			if i.Object.Kind() == kind {
				of = append(of, i)
			}
		}
		if len(of) == 0 {
			continue
		}
		if err := a.kind(ctx, kind, of); err != nil {
			return err
		}
	}
	if a.changed == 0 {
		return nil
	}
	// Streams of changes read jobs.
	return a.tx.Job.Create().SetAction("importObjects").SetStatus(job.StatusDONE).
		SetParameters(map[string]any{"source": a.l.o.Source, "objects": a.changed}).
		SetStartedAt(started).SetEndedAt(now()).Exec(ctx)
}

// kind loads the objects of one kind. Objects that refer to others of the batch come after those.
func (a *attempt) kind(ctx context.Context, kind Kind, some []Item) error {
	have, err := stored(ctx, a.tx, kind, guids(some))
	if err != nil {
		return err
	}
	stuck := false
	for len(some) > 0 {
		var r round
		if err := a.round(ctx, &r, some, have, stuck); err != nil {
			return err
		}
		if err := errors.Join(a.write(ctx, kind, r.created, false), a.write(ctx, kind, r.replaced, true)); err != nil {
			return err
		}
		if len(r.later) == len(some) {
			if stuck = a.pass == force; !stuck {
				for _, i := range r.later {
					a.verdicts = append(a.verdicts, verdict{item: i, aside: true})
				}
				return nil
			}
		} else {
			stuck = false
		}
		some = r.later
	}
	return nil
}

func guids(some []Item) []uuid.UUID {
	ids := make([]uuid.UUID, len(some))
	for i := range some {
		ids[i] = some[i].Object.head().GUID
	}
	return ids
}

// round is the result of examining the objects of a batch.
type round struct {
	created, replaced []Object
	later             []Item // they refer to others of the batch
}

// round examines the objects whose references exist. If all remaining objects wait for each other (stuck), it takes the
// first without its missing references.
func (a *attempt) round(ctx context.Context, r *round, some []Item, have map[uuid.UUID]Object, stuck bool) error {
	there, err := a.linked(ctx, some)
	if err != nil {
		return err
	}
	waiting := make(map[uuid.UUID]bool, len(some))
	for _, id := range guids(some) {
		waiting[id] = true
	}
	for n, i := range some {
		id := i.Object.head().GUID
		v := verdict{item: i}
		among := waiting
		if stuck && n == 0 {
			among = nil
		}
		if !a.resolve(&v, there, among) {
			r.later = append(r.later, i)
			continue
		}
		if v.what == "" && !v.aside {
			a.judge(&v, have[id])
		}
		switch {
		case v.count != nil || v.aside:
		case have[id] == nil:
			v.fresh, v.count = true, func(c *Count) { c.Created++ }
			r.created = append(r.created, i.Object)
		default:
			v.count = func(c *Count) { c.Replaced++ }
			r.replaced = append(r.replaced, i.Object)
		}
		a.verdicts = append(a.verdicts, v)
	}
	return nil
}

// judge compares an object with the existing one.
func (a *attempt) judge(v *verdict, have Object) {
	v.item.Object.merge(have)
	o := a.l.o
	switch {
	case have == nil && o.Verify:
		v.what, v.reason, v.count = Missing, errNotHere, func(c *Count) { c.Missing++ }
	case have == nil:
	case equal(v.item.Object, have):
		v.count = func(c *Count) { c.Equal++ }
	case o.Verify:
		v.what, v.reason, v.count = Different, differIn(v.item.Object, have), func(c *Count) { c.Different++ }
	case !o.Replace:
		v.what, v.reason, v.count = Conflict, differIn(v.item.Object, have), func(c *Count) { c.Conflicts++ }
	case demotes(v.item.Object, have):
		v.what, v.reason, v.count = Conflict, errDemotes, func(c *Count) { c.Conflicts++ }
	}
}

var (
	errNotHere = errors.New("the database does not have it")
	errDemotes = errors.New("an import takes no administrator's rights away; do that first")
)

func differIn(a, b Object) error {
	return fmt.Errorf("what is here differs in %s", strings.Join(differences(a, b), ", "))
}

// demotes reports whether the change would remove an administrator: the last one must stay.
func demotes(o, have Object) bool {
	u, ok := have.(*CloudUser)
	n, _ := o.(*CloudUser)
	return ok && u.Role == string(clouduser.RoleADMINISTRATOR) &&
		(n.Role != u.Role || n.Status == string(clouduser.StatusDISABLED))
}
