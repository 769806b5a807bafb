package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
)

// Introspection answers null, as the specification requires, for fields of __Type that do not apply to the kind of the type;
// gqlgen answers an empty list. It is an extension of gqlgen's executor.
type Introspection struct{}

// ExtensionName names the extension.
func (Introspection) ExtensionName() string { return "introspection" }

// Validate accepts any schema.
func (Introspection) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation watches the fields of introspection queries only.
func (Introspection) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query"}) {
		if f.Name != "__schema" && f.Name != "__type" {
			continue
		}
		inner := oc.ResolverMiddleware
		oc.ResolverMiddleware = func(ctx context.Context, next graphql.Resolver) (any, error) {
			if !hasField(graphql.GetFieldContext(ctx)) {
				return nil, nil
			}
			return inner(ctx, next)
		}
		break
	}
	return next(ctx)
}

// hasField reports whether the resolved field applies to the kind of its __Type. All fields apply for other types.
func hasField(fc *graphql.FieldContext) bool {
	if fc == nil || fc.Object != "__Type" || fc.Parent == nil {
		return true
	}
	var kind string
	switch t := fc.Parent.Result.(type) {
	case *introspection.Type:
		kind = t.Kind()
	case introspection.Type:
		kind = t.Kind()
	default:
		return true
	}
	switch fc.Field.Name {
	case "fields", "interfaces":
		return kind == string(ast.Object) || kind == string(ast.Interface)
	case "possibleTypes":
		return kind == string(ast.Interface) || kind == string(ast.Union)
	case "enumValues":
		return kind == string(ast.Enum)
	case "inputFields", "isOneOf":
		return kind == string(ast.InputObject)
	}
	return true
}
