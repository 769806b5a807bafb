package api

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/internal/store"
)

// searches makes PostgreSQL plan each list with conditions for the values of its conditions.
type searches struct{}

// ExtensionName implements graphql.HandlerExtension.
func (searches) ExtensionName() string { return "searches" }

// Validate accepts any schema.
func (searches) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField marks the context of a field with conditions.
func (searches) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	if root.Field.Name == "search" || root.Field.Arguments.ForName("where") != nil &&
		conditions(root.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["where"]) {
		ctx = store.WithCustomPlan(ctx)
	}
	return next(ctx)
}

// conditions reports whether a filter has conditions; it may have only variables that were not given.
func conditions(where any) bool {
	given, _ := where.(map[string]any)
	for _, value := range given {
		if value != nil {
			return true
		}
	}
	return false
}
