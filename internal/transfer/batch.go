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
	// deferMissing defers the object: the referenced object may come later in the source.
	deferMissing pass = iota
	// dropMissing removes references to objects that the source does not have. It still defers objects that refer to
	// deferred objects.
	dropMissing
	// dropAll removes all references to missing objects.
	dropAll
)

// outcome is the result for an object of a batch. It is applied when the batch is committed.
type outcome struct {
	item     Item
	kind     string // of the entry in the report, "" for none
	reason   error
	count    func(*Count)
	deferred bool
	created  bool
}

// attempt is an attempt to load some objects in one transaction.
type attempt struct {
	l        *Loader
	tx       *ent.Client
	pass     pass
	outcomes []outcome
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
		return l.apply(a.outcomes)
	case ctx.Err() != nil || !isDataError(err):
		return store.Fault(err)
	case len(some) == 1:
		reason, err := l.findRejectedValue(ctx, some[0].Object, store.Fault(err))
		if err != nil {
			return err
		}
		return l.apply([]outcome{{item: some[0], kind: Refused, reason: reason, count: countRefused}})
	}
	half := len(some) / 2
	if err := l.load(ctx, some[:half], p); err != nil {
		return err
	}
	return l.load(ctx, some[half:], p)
}

func countRefused(c *Count) { c.Refused++ }

// isDataError reports whether an error concerns the objects and not the database.
func isDataError(err error) bool {
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
	have, err := readStored(ctx, a.tx, kind, idsOf(some))
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
			if stuck = a.pass == dropAll; !stuck {
				for _, i := range r.later {
					a.outcomes = append(a.outcomes, outcome{item: i, deferred: true})
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

func idsOf(some []Item) []uuid.UUID {
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
	for _, id := range idsOf(some) {
		waiting[id] = true
	}
	for n, i := range some {
		id := i.Object.head().GUID
		v := outcome{item: i}
		among := waiting
		if stuck && n == 0 {
			among = nil
		}
		if !a.resolve(&v, there, among) {
			r.later = append(r.later, i)
			continue
		}
		if v.kind == "" && !v.deferred {
			a.compare(&v, have[id])
		}
		switch {
		case v.count != nil || v.deferred:
		case have[id] == nil:
			v.created, v.count = true, func(c *Count) { c.Created++ }
			r.created = append(r.created, i.Object)
		default:
			v.count = func(c *Count) { c.Replaced++ }
			r.replaced = append(r.replaced, i.Object)
		}
		a.outcomes = append(a.outcomes, v)
	}
	return nil
}

// compare compares an object with the existing one.
func (a *attempt) compare(v *outcome, have Object) {
	v.item.Object.merge(have)
	o := a.l.o
	switch {
	case have == nil && o.Verify:
		v.kind, v.reason, v.count = Missing, errMissing, func(c *Count) { c.Missing++ }
	case have == nil:
	case equal(v.item.Object, have):
		v.count = func(c *Count) { c.Equal++ }
	case o.Verify:
		v.kind, v.reason, v.count = Different, differIn(v.item.Object, have), func(c *Count) { c.Different++ }
	case !o.Replace:
		v.kind, v.reason, v.count = Conflict, differIn(v.item.Object, have), func(c *Count) { c.Conflicts++ }
	case removesAdministrator(v.item.Object, have):
		v.kind, v.reason, v.count = Conflict, errDemotes, func(c *Count) { c.Conflicts++ }
	}
}

var (
	errMissing = errors.New("the database does not have it")
	errDemotes = errors.New("an import takes no administrator's rights away; do that first")
)

func differIn(a, b Object) error {
	return fmt.Errorf("what is here differs in %s", strings.Join(differences(a, b), ", "))
}

// removesAdministrator reports whether the change would remove an administrator: the last one must stay.
func removesAdministrator(o, have Object) bool {
	u, ok := have.(*CloudUser)
	n, _ := o.(*CloudUser)
	return ok && u.Role == string(clouduser.RoleADMINISTRATOR) &&
		(n.Role != u.Role || n.Status == string(clouduser.StatusDISABLED))
}
