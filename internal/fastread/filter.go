package fastread

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/vektah/gqlparser/v2/ast"
)

// filter is a `where` argument of an operation. A plan depends on its conditions; their values are parameters.
type filter struct {
	entity *entity
	value  *ast.Value
}

// filterTable is the name of the filtered table in a shape.
const filterTable = "f"

// narrow returns a function that filters a statement, nil for no filter.
func (f filter) narrow(ctx context.Context, variables map[string]any) (func(*sql.Selector), error) {
	given, err := f.value.Value(variables)
	if err != nil || given == nil {
		return nil, err
	}
	return f.entity.Where(ctx, given)
}

// conditions returns the SQL of a filter and the values in it, "" for no filter.
func (f filter) conditions(ctx context.Context, dialect string, variables map[string]any) (string, []any, error) {
	where, err := f.narrow(ctx, variables)
	if err != nil || where == nil {
		return "", nil, err
	}
	p := conditionsOf(where, sql.Dialect(dialect).Table(f.entity.Table).As(filterTable))
	if p == nil {
		return "", nil, nil
	}
	text, args := p.Query()
	return text, args, nil
}

// conditionsOf returns the conditions of a filter on the rows of a table, nil for none.
func conditionsOf(where func(*sql.Selector), t *sql.SelectTable) *sql.Predicate {
	scratch := sql.Dialect(t.Dialect()).Select().From(t)
	where(scratch)
	p := scratch.P()
	if p != nil {
		p.SetDialect(t.Dialect())
	}
	return p
}

// parameterized is a predicate whose values are parameters of a plan.
type parameterized struct {
	*sql.Predicate
	filter int
}

// Query returns the SQL, and a parameter for each value.
func (p parameterized) Query() (string, []any) {
	text, values := p.Predicate.Query()
	params := make([]any, len(values))
	for i := range values {
		params[i] = param{part: filterValue, filter: p.filter, n: i}
	}
	return text, params
}

// evaluate returns the SQL of the filters of an operation, which is part of the shape, and their values.
func (v *variables) evaluate(ctx context.Context, dialect string, given map[string]any) (texts []string, values [][]any, err error) {
	for _, f := range v.filters {
		text, args, err := f.conditions(ctx, dialect, given)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errNotCovered, err)
		}
		texts, values = append(texts, text), append(values, args)
	}
	return texts, values, nil
}
