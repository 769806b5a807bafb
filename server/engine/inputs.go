package engine

import (
	"context"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/graph"
	"cloudapi/graph/coerce"
	"cloudapi/graph/scalar"
	"cloudapi/server/limit"
)

func newCoercer(schema *ast.Schema, limits limit.Limits) *coerce.Coercer {
	return &coerce.Coercer{Schema: schema, Scalars: scalar.Checks(), Texts: graph.InputTexts(schema), Max: limits.Errors}
}

// coerceVariables returns the parameters of a request with coerced variables, the lifted ones among them. If the operation does not
// exist, the executor reports it.
func (e *Engine) coerceVariables(doc *ast.QueryDocument, r *Request, lifted map[string]any) (graphql.RawParams, error) {
	params := r.RawParams
	op := doc.Operations.ForName(r.OperationName)
	if op == nil {
		return params, nil
	}
	given := r.Variables
	if len(lifted) > 0 {
		given = make(map[string]any, len(lifted)+len(r.Variables))
		maps.Copy(given, r.Variables)
		maps.Copy(given, lifted)
	}
	var err error
	params.Variables, err = e.coercer.Variables(op, given)
	return params, err
}

// argumentChecker checks the arguments of root fields before they are resolved and reports all faults; gqlgen stops at the
// first one.
type argumentChecker struct{ *coerce.Coercer }

// ExtensionName implements graphql.HandlerExtension.
func (argumentChecker) ExtensionName() string { return "arguments" }

// Validate accepts any schema.
func (argumentChecker) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptRootField returns null for a field with a fault in its arguments.
func (c argumentChecker) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	err := c.Arguments(field.Field, graphql.GetOperationContext(ctx).Variables)
	if err == nil {
		return next(ctx)
	}
	ctx = graphql.WithPathContext(ctx, graphql.NewPathWithField(field.Alias))
	shown := &gqlerror.Error{Path: graphql.GetPath(ctx), Err: err}
	if at := field.Position; at != nil {
		shown.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	graphql.AddError(ctx, shown)
	return graphql.Null
}
