package engine

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// once runs a mutation under its key. The request is the same when the query,
// the operation and the variables are.
func (e *Engine) once(ctx context.Context, r *Request, run func(context.Context) *graphql.Response) *graphql.Response {
	// What was decoded from JSON always encodes.
	request, _ := json.Marshal([]any{r.Query, r.OperationName, r.Variables})
	return e.repeat.Once(context.WithValue(ctx, turnKey{}, &sync.Mutex{}), r.Key, request, run)
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
