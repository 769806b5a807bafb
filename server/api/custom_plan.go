package api

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/internal/store"
)

// customPlans makes PostgreSQL plan each list with conditions for the values of its conditions.
type customPlans struct{}

// ExtensionName implements graphql.HandlerExtension.
func (customPlans) ExtensionName() string { return "searches" }

// Validate accepts any schema.
func (customPlans) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField marks the context of a field with conditions.
func (customPlans) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	if root.Field.Name == "search" || root.Field.Arguments.ForName("where") != nil &&
		hasConditions(root.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)["where"]) {
		ctx = store.WithCustomPlan(ctx)
	}
	return next(ctx)
}

// hasConditions reports whether a filter has conditions; it may have only variables that were not given.
func hasConditions(where any) bool {
	given, _ := where.(map[string]any)
	for _, value := range given {
		if value != nil {
			return true
		}
	}
	return false
}
