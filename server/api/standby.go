package api

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/store"
)

// standbyReads lets operations that only read use the standbys, by whichever
// face and path they come. What comes before the operation, as authentication,
// and everything of a mutation stays with the primary.
type standbyReads struct{}

// ExtensionName names the extension.
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
