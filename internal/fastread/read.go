package fastread

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/batch"
	"cloudapi/internal/budget"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// Reader is the fast path: an extension of gqlgen's executor.
type Reader struct {
	store    *store.Store
	entities map[string]*entity
	plans    *plans
	// viewerPlaceholder stands in plans for the guid of the viewer.
	viewerPlaceholder uuid.UUID
	// shared answers simultaneous requests together, nil where each is answered
	// by itself.
	shared *batch.Group[sharing, *request, []byte]

	log *slog.Logger

	// Fast and Ordinary count the root fields that took either path. Failed counts
	// those among the ordinary ones that the fast path covers and failed to answer.
	Fast, Ordinary, Failed atomic.Int64
}

// Options say how reads are done.
type Options struct {
	// Alone turns off that simultaneous requests share a statement.
	Alone bool
	// Time is how long a shared statement may take, 0 for no limit.
	Time time.Duration
	// Executed hears how many requests a statement answers, nil for nobody.
	Executed func(requests int)
	// Log gets the causes of failures, nil for the default logger.
	Log *slog.Logger
}

// New returns the fast path on a database.
func New(s *store.Store, o Options) *Reader {
	entities := graph()
	r := &Reader{
		store: s, entities: entities, plans: newPlans(entities, s.Dialect()), viewerPlaceholder: uuid.New(), log: cmp.Or(o.Log, slog.Default()),
	}
	if !o.Alone {
		r.shared = batch.New(batch.Options{Most: maxGuids, Parallel: parallel(), Time: o.Time, Executed: o.Executed}, r.together)
	}
	return r
}

// ExtensionName names the extension.
func (*Reader) ExtensionName() string { return "read" }

// Validate accepts any schema: what it does not know is not covered.
func (*Reader) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation answers a query of one root field whose plan is known, all
// of it at once. Everything else goes on field by field.
func (r *Reader) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	field, ok := only(oc)
	if !ok {
		return next(ctx)
	}
	v := viewer.FromContext(ctx)
	p := r.plans.known(oc, field.Alias, v)
	if p == nil {
		return next(ctx)
	}
	answer, err := r.read(ctx, p, oc, v, nil)
	if err != nil {
		r.fallBack(ctx, field.Name, err)
		return next(context.WithValue(ctx, triedKey{}, true))
	}
	r.Fast.Add(1)
	data := make([]byte, 0, len(answer)+len(field.Alias)+5)
	data = append(append(append(data, `{"`...), field.Alias...), `":`...)
	return graphql.OneShot(&graphql.Response{Data: append(append(data, answer...), '}')})
}

// triedKey marks a context on which the fast path has been tried.
type triedKey struct{}

// only returns the one field that a query selects.
func only(oc *graphql.OperationContext) (*ast.Field, bool) {
	if oc.Operation.Operation != ast.Query || len(oc.Operation.SelectionSet) != 1 {
		return nil, false
	}
	f, ok := oc.Operation.SelectionSet[0].(*ast.Field)
	return f, ok && len(f.Directives) == 0
}

// InterceptRootField answers a root field, or lets the ordinary path do it.
func (r *Reader) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if ctx.Value(triedKey{}) == nil {
		answer, err := r.answer(ctx)
		if err == nil {
			r.Fast.Add(1)
			return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(answer) })
		}
		r.fallBack(ctx, graphql.GetRootFieldContext(ctx).Field.Name, err)
	}
	r.Ordinary.Add(1)
	return next(ctx)
}

// fallBack notes why the ordinary path answers a root field. A failure is logged
// and counted, unless the request has ended; what is not covered is only counted,
// with all that the ordinary path answers.
func (r *Reader) fallBack(ctx context.Context, field string, err error) {
	for _, expected := range []error{errNotCovered, errRefused, errNone} {
		if errors.Is(err, expected) {
			return
		}
	}
	if ctx.Err() == nil {
		r.Failed.Add(1)
		r.log.WarnContext(ctx, "a fast read failed, the ordinary path answers", "field", field, "cause", err)
	}
}

// request is what a root field is asked with.
type request struct {
	viewer    *viewer.Viewer
	variables map[string]any
	guid      uuid.UUID // of the row that is asked for, if it is one
	filters   [][]any   // the values of each filter of the operation
	budget    *budget.Budget
}

func (r *Reader) answer(ctx context.Context) ([]byte, error) {
	root, oc, v := graphql.GetRootFieldContext(ctx), graphql.GetOperationContext(ctx), viewer.FromContext(ctx)
	if v == nil || oc.Operation.Operation != ast.Query {
		return nil, errNotCovered
	}
	p, filters, err := r.plans.get(ctx, oc, root.Field.Alias, v, func(needed *variables) (*plan, error) {
		return r.compile(ctx, oc, root.Field, v, needed)
	})
	if err != nil {
		return nil, err
	}
	return r.read(ctx, p, oc, v, filters)
}

// read answers a root field by its plan.
func (r *Reader) read(ctx context.Context, p *plan, oc *graphql.OperationContext, v *viewer.Viewer, filters [][]any) (_ []byte, err error) {
	q := &request{viewer: v, variables: oc.Variables, filters: filters, budget: budget.From(ctx)}
	if p.guid != nil {
		if q.guid, err = q.root(p.guid); err != nil {
			return nil, err
		}
	}
	if r.shared == nil || p.guid != nil && p.dialect != dialect.Postgres {
		// SQLite has no round trips to share.
		one := r.run(ctx, p, []*request{q})[0]
		return one.Out, one.Err
	}
	out, err := r.shared.Do(ctx, r.sharing(p, q), q)
	if errors.Is(err, budget.ErrExceeded) && q.budget.Failure() == nil {
		// It was another request that may have no more.
		one := r.run(ctx, p, []*request{q})[0]
		return one.Out, one.Err
	}
	return out, err
}

// run answers requests that share a statement: for one guid each, or for the
// same page.
func (r *Reader) run(ctx context.Context, p *plan, all []*request) []batch.Result[[]byte] {
	results := make([]batch.Result[[]byte], len(all))
	var guids []uuid.UUID
	if p.guid != nil {
		guids = uniqueGuids(all)
	}
	answers, err := r.execute(ctx, p, all, guids)
	for i, q := range all {
		out, whole := answers[q.guid]
		switch {
		case whole && (err == nil || errors.Is(err, budget.ErrExceeded)):
			results[i].Out = out
		case err != nil:
			results[i].Err = err
		default:
			results[i].Err = errNone
		}
	}
	return results
}

// errNone lets the ordinary path tell that there is no such row.
var errNone = errors.New("there is no such row")

// execute runs a plan's statement and returns the answers by their guids.
func (r *Reader) execute(ctx context.Context, p *plan, all []*request, guids []uuid.UUID) (map[uuid.UUID][]byte, error) {
	s := p.statement(len(guids))
	args, err := r.bind(s.args, all[0], guids)
	if err != nil {
		return nil, err
	}
	answers := make(map[uuid.UUID][]byte, len(guids))
	// What is not read of a statement does not have to come.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = r.store.Rows(ctx, s.query, args, func(rows driver.Rows) error {
		ordered, err := p.depthFirst(ctx, rows)
		if err != nil {
			return err
		}
		w := newWriter(p, newCursor(p, ordered), all)
		if err := w.next(); err != nil {
			return err
		}
		if err := w.answers(p, answers); err != nil {
			w.meter.Discard()
			cancel()
			return err
		}
		if w.tag != noTag {
			return fmt.Errorf("a row of level %d follows the last: %w", w.tag, errOrder)
		}
		return nil
	})
	return answers, err
}

// depthFirst are the rows of a statement in the order of the selection.
func (p *plan) depthFirst(ctx context.Context, rows driver.Rows) (nexter, error) {
	if p.dialect == dialect.Postgres {
		return rows, nil
	}
	return merge(p, rows, budget.From(ctx))
}

// errOrder says that rows did not come in the order in which they were asked
// for.
var errOrder = errors.New("rows are out of order")
