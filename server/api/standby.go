package api

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/store"
)

// standbyReads lets read-only operations use the standbys, in every API. What runs before the operation, such as
// authentication, and everything of a mutation uses the primary.
type standbyReads struct{}

// ExtensionName implements graphql.HandlerExtension.
func (standbyReads) ExtensionName() string { return "standby reads" }

// Validate accepts any schema.
func (standbyReads) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation marks the context of a query.
func (standbyReads) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Query {
		ctx = store.AllowStandby(ctx)
	}
	return next(ctx)
}
