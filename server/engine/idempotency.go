package engine

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// keyHeader is the request header that makes it safe to send a mutation again.
const keyHeader = "Idempotency-Key"

// keyedMutations returns the names of an operation's mutations if the request has a key, none otherwise. A key is rejected where it
// would have no effect: for a query, whose answer is not stored; for a request without credentials; for signing in and out.
func keyedMutations(ctx context.Context, oc *graphql.OperationContext, r *Request) ([]string, error) {
	if r.Key == "" {
		return nil, nil
	}
	refuse := func(what string) error {
		return fault.New(fault.Invalid, "The header %s has no meaning for %s; send it without", keyHeader, what).On(keyHeader)
	}
	if oc.Operation.Operation != ast.Mutation {
		return nil, refuse("a " + string(oc.Operation.Operation))
	}
	if viewer.FromContext(ctx) == nil {
		return nil, refuse("a request without credentials")
	}
	var mutations []string
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"}) {
		if f.Name == "signIn" || f.Name == "signOut" {
			return nil, refuse(f.Name)
		}
		if f.Name != "__typename" {
			mutations = append(mutations, f.Name)
		}
	}
	return mutations, nil
}

// once runs a mutation under its key. Two requests are the same if their query, operation name and variables are equal.
func (e *Engine) once(ctx context.Context, r *Request, mutations []string, run func(context.Context) *graphql.Response) *graphql.Response {
	request, err := json.Marshal([]any{r.Query, r.OperationName, r.Variables})
	if err != nil {
		// Values that were decoded from JSON can always be encoded. If one cannot, the request must not be taken for another
		// one.
		return e.refuse(ctx, gqlerror.List{gqlError(fault.New(fault.Invalid, "The variables cannot be compared").Because(err))}).Response
	}
	return e.idempotency.Once(context.WithValue(ctx, serializerKey{}, &sync.Mutex{}), r.Key, request, mutations, run)
}

type serializerKey struct{}

// fieldSerializer resolves the fields of an operation with a key one after another: the operation is one transaction on one
// connection, but gqlgen resolves fields concurrently.
type fieldSerializer struct{}

// ExtensionName implements graphql.HandlerExtension.
func (fieldSerializer) ExtensionName() string { return "turns" }

// Validate accepts any schema.
func (fieldSerializer) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField waits until the previous field is resolved.
func (fieldSerializer) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	if turn, ok := ctx.Value(serializerKey{}).(*sync.Mutex); ok {
		turn.Lock()
		defer turn.Unlock()
	}
	return next(ctx)
}
