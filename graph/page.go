package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/internal/fault"
)

// page implements the directive @page: it sets the default page size and rejects a size out of range.
func page(ctx context.Context, _ any, next graphql.Resolver, size, max int) (any, error) {
	args := graphql.GetFieldContext(ctx).Args
	first, _ := args["first"].(*int)
	last, _ := args["last"].(*int)
	for name, n := range map[string]*int{"first": first, "last": last} {
		if n != nil && (*n < 1 || *n > max) {
			return nil, fault.New(fault.Invalid, "%s must be from 1 to %d, not %d", name, max, *n).On(name)
		}
	}
	if first == nil && last == nil {
		args["first"] = &size
	}
	return next(ctx)
}
