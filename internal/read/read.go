// Package read answers the nested reads that the program exists for with one
// SQL statement each, on PostgreSQL. It stands before the resolvers of
// `customer` and `customers`; what it does not cover, and everything that is
// wrong with a request, goes down the ordinary path, which is always right. A
// property test holds the two to the same answers.
package read

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync/atomic"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent/customer"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// Reader is the fast path: an extension of gqlgen's executor.
type Reader struct {
	store    *store.Store
	entities map[string]*entity

	// Fast and Ordinary count the root fields that took either path.
	Fast, Ordinary atomic.Int64
}

// New returns the fast path on a database.
func New(s *store.Store) *Reader { return &Reader{store: s, entities: entities()} }

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

func (r *Reader) answer(ctx context.Context) ([]byte, error) {
	root, oc, v := graphql.GetRootFieldContext(ctx), graphql.GetOperationContext(ctx), viewer.FromContext(ctx)
	if v == nil || oc.Operation.Operation != ast.Query || r.store.Dialect() != dialect.Postgres {
		return nil, errNotCovered
	}
	c := &compiler{oc: oc, viewer: v, entities: r.entities}
	switch root.Field.Name {
	case "customer":
		return r.one(ctx, c, root.Field)
	case "customers":
		return r.page(ctx, c, root.Field)
	}
	return nil, errNotCovered
}

var errNone = errors.New("there is no such row")

// one is the object with the guid in the argument `id`.
func (r *Reader) one(ctx context.Context, c *compiler, f graphql.CollectedField) ([]byte, error) {
	text, _ := f.ArgumentMap(c.oc.Variables)["id"].(string)
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return nil, errNotCovered
	}
	e := c.entities["Customer"]
	t := c.table(e)
	object, err := c.object(e, t, f.Selections)
	if err != nil {
		return nil, err
	}
	s := sql.Dialect(dialect.Postgres).Select().From(t).Where(sql.EQ(t.C(customer.FieldID), id))
	s.SelectExpr(object)
	e.visible(c.viewer, s)
	query, args := s.Query()
	answer := []byte(nil)
	err = r.store.Rows(ctx, query, args, func(rows driver.Rows) error {
		values := make([]driver.Value, 1)
		if err := rows.Next(values); err != nil {
			return errors.Join(errNone, err)
		}
		answer = compact(answer, bytesOf(values[0]))
		return nil
	})
	return answer, err
}

// bytesOf is a text as the driver gives it.
func bytesOf(v driver.Value) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	}
	return nil
}
