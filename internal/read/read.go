// Package read answers the nested reads that the program exists for with one
// SQL statement for each root field, on PostgreSQL: a row for each object, depth
// first, written as JSON while the rows arrive. It stands before the resolvers
// of Query. What it does not cover, and everything that is wrong with a request,
// goes down the ordinary path, which is always right; a property test holds the
// two to the same answers.
package read

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// Reader is the fast path: an extension of gqlgen's executor.
type Reader struct {
	store    *store.Store
	entities map[string]*entity
	plans    *plans
	// anyone stands in plans for the guid of the viewer.
	anyone uuid.UUID

	// Fast and Ordinary count the root fields that took either path.
	Fast, Ordinary atomic.Int64
}

// New returns the fast path on a database.
func New(s *store.Store) *Reader {
	return &Reader{store: s, entities: graph(), plans: newPlans(), anyone: uuid.New()}
}

// ExtensionName names the extension.
func (*Reader) ExtensionName() string { return "read" }

// Validate accepts any schema: what it does not know is not covered.
func (*Reader) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField answers a root field, or lets the ordinary path do it.
func (r *Reader) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	answer, err := r.answer(ctx)
	if err != nil {
		r.Ordinary.Add(1)
		return next(ctx)
	}
	r.Fast.Add(1)
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(answer) })
}

// request is what a root field is asked with.
type request struct {
	viewer    *viewer.Viewer
	variables map[string]any
}

func (r *Reader) answer(ctx context.Context) ([]byte, error) {
	root, oc, v := graphql.GetRootFieldContext(ctx), graphql.GetOperationContext(ctx), viewer.FromContext(ctx)
	if v == nil || oc.Operation.Operation != ast.Query || r.store.Dialect() != dialect.Postgres {
		return nil, errNotCovered
	}
	p, err := r.plans.get(oc, root.Field.Alias, v, func() (*plan, error) { return r.compile(ctx, oc, root.Field, v) })
	if err != nil {
		return nil, err
	}
	q := &request{viewer: v, variables: oc.Variables}
	var guids []uuid.UUID
	s := p.statement(1)
	args, err := r.bind(s.args, q, guids)
	if err != nil {
		return nil, err
	}
	return r.execute(ctx, p, s.query, args)
}

// execute runs a statement and writes what comes of it.
func (r *Reader) execute(ctx context.Context, p *plan, query string, args []any) ([]byte, error) {
	var answer []byte
	err := r.store.Rows(ctx, query, args, func(rows driver.Rows) error {
		w := newWriter(p, newCursor(p, rows))
		if err := w.next(); err != nil {
			return err
		}
		if err := w.run(p.root.steps, nil); err != nil {
			return err
		}
		if w.tag != noTag {
			return fmt.Errorf("a row of level %d follows the last: %w", w.tag, errOrder)
		}
		answer = w.out
		return nil
	})
	return answer, err
}

// errOrder says that rows did not come in the order in which they were asked
// for.
var errOrder = errors.New("rows are out of order")
