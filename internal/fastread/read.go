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
	// viewerPlaceholder is the guid in plans that is replaced by the viewer's.
	viewerPlaceholder uuid.UUID
	// shared groups simultaneous requests, nil if each has its own statement.
	shared *batch.Group[sharing, *request, []byte]

	log *slog.Logger

	// Fast and Ordinary count root fields by path. Failed counts those that the fast path covers and failed to answer; they are among
	// the ordinary ones.
	Fast, Ordinary, Failed atomic.Int64
}

// Options configures a Reader.
type Options struct {
	// Separate disables sharing: each request has its own statement.
	Separate bool
	// Time limits a shared statement, 0 for no limit.
	Time time.Duration
	// Executed is called for each statement with its number of requests. It may be nil.
	Executed func(requests int)
	// Log is the logger for failures, by default slog.Default().
	Log *slog.Logger
}

// New returns the fast path on a database.
func New(s *store.Store, o Options) *Reader {
	entities := graph()
	r := &Reader{
		store: s, entities: entities, plans: newPlans(entities, s.Dialect()), viewerPlaceholder: uuid.New(), log: cmp.Or(o.Log, slog.Default()),
	}
	if !o.Separate {
		r.shared = batch.New(batch.Options{Max: maxGuids, Parallel: parallel(), Time: o.Time, Executed: o.Executed}, r.runGroup)
	}
	return r
}

// ExtensionName names the extension.
func (*Reader) ExtensionName() string { return "read" }

// Validate accepts any schema.
func (*Reader) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation answers a query of one root field with a cached plan. InterceptRootField handles all others.
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

// triedKey marks a context in which InterceptOperation failed.
type triedKey struct{}

// only returns the field of a query with a single field.
func only(oc *graphql.OperationContext) (*ast.Field, bool) {
	if oc.Operation.Operation != ast.Query || len(oc.Operation.SelectionSet) != 1 {
		return nil, false
	}
	f, ok := oc.Operation.SelectionSet[0].(*ast.Field)
	return f, ok && len(f.Directives) == 0
}

// InterceptRootField answers a root field, or passes it to the ordinary path.
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

// fallBack logs and counts a failure of the fast path, unless the request has ended. Fields that are not covered count only as
// ordinary.
func (r *Reader) fallBack(ctx context.Context, field string, err error) {
	for _, expected := range []error{errNotCovered, errInvalidValue, errNone} {
		if errors.Is(err, expected) {
			return
		}
	}
	if ctx.Err() == nil {
		r.Failed.Add(1)
		r.log.WarnContext(ctx, "a fast read failed, the ordinary path answers", "field", field, "cause", err)
	}
}

// request has the values of one request for a root field.
type request struct {
	viewer    *viewer.Viewer
	variables map[string]any
	guid      uuid.UUID // of the requested row, nil for a connection
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
		// On SQLite sharing saves no round trip.
		one := r.run(ctx, p, []*request{q})[0]
		return one.Out, one.Err
	}
	out, err := r.shared.Do(ctx, r.sharing(p, q), q)
	if errors.Is(err, budget.ErrExceeded) && q.budget.Failure() == nil {
		// Another request of the group has exceeded its budget.
		one := r.run(ctx, p, []*request{q})[0]
		return one.Out, one.Err
	}
	return out, err
}

// run answers requests with one statement: each has one guid, or all request the same page.
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

// errNone means that the row does not exist: the ordinary path reports it.
var errNone = errors.New("there is no such row")

// execute runs the statement of a plan and returns the answers by guid.
func (r *Reader) execute(ctx context.Context, p *plan, all []*request, guids []uuid.UUID) (map[uuid.UUID][]byte, error) {
	s := p.statement(len(guids))
	args, err := r.bind(s.args, all[0], guids)
	if err != nil {
		return nil, err
	}
	answers := make(map[uuid.UUID][]byte, len(guids))
	// If writing fails, the remaining rows are not needed.
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

// depthFirst returns the rows of a statement in depth-first order.
func (p *plan) depthFirst(ctx context.Context, rows driver.Rows) (nexter, error) {
	if p.dialect == dialect.Postgres {
		return rows, nil
	}
	return merge(p, rows, budget.From(ctx))
}

// errOrder means that the database returned rows in another order than the statement requires.
var errOrder = errors.New("rows are out of order")
