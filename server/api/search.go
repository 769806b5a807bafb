package api

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/internal/store"
)

// searches lets each list with conditions have a plan of its own, made for
// their values.
type searches struct{}

// ExtensionName names the extension.
func (searches) ExtensionName() string { return "searches" }

// Validate accepts any schema.
func (searches) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField looks for conditions.
func (searches) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	if root.Field.Arguments.ForName("where") != nil &&
		conditions(root.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["where"]) {
		ctx = store.WithOwnPlan(ctx)
	}
	return next(ctx)
}

// conditions tells a filter that has some from one whose variables were not
// given.
func conditions(where any) bool {
	given, _ := where.(map[string]any)
	for _, value := range given {
		if value != nil {
			return true
		}
	}
	return false
}
