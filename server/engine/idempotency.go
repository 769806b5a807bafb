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

// keyHeader is the header that makes a mutation safe to send again.
const keyHeader = "Idempotency-Key"

// keyed returns the mutations of an operation with a key, none where it has no
// key. A key that could promise nothing is refused: that of a query, whose answer
// is not kept, of a request without credentials, and of signing in and out.
func keyed(ctx context.Context, oc *graphql.OperationContext, r *Request) ([]string, error) {
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

// once runs a mutation under its key. The request is the same when the query,
// the operation and the variables are.
func (e *Engine) once(ctx context.Context, r *Request, mutations []string, run func(context.Context) *graphql.Response) *graphql.Response {
	request, err := json.Marshal([]any{r.Query, r.OperationName, r.Variables})
	if err != nil {
		// What was decoded from JSON always encodes; a request that doesn't
		// must not be taken for another one.
		return e.refuse(ctx, gqlerror.List{wrap(fault.New(fault.Invalid, "The variables cannot be compared").Because(err))}).Response
	}
	return e.repeat.Once(context.WithValue(ctx, turnKey{}, &sync.Mutex{}), r.Key, request, mutations, run)
}

type turnKey struct{}

// fieldSerializer makes the fields of an operation that is one transaction take turns: a
// transaction has one connection, and gqlgen resolves fields at once.
type fieldSerializer struct{}

// ExtensionName names the extension.
func (fieldSerializer) ExtensionName() string { return "turns" }

// Validate accepts any schema.
func (fieldSerializer) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField waits for the field's turn.
func (fieldSerializer) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	if turn, ok := ctx.Value(turnKey{}).(*sync.Mutex); ok {
		turn.Lock()
		defer turn.Unlock()
	}
	return next(ctx)
}
