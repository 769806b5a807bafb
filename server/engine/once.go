package engine

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
)

// once runs a mutation under its key. The request is the same when the query,
// the operation and the variables are.
func (e *Engine) once(ctx context.Context, r *Request, run func(context.Context) *graphql.Response) *graphql.Response {
	// What was decoded from JSON always encodes.
	request, _ := json.Marshal([]any{r.Query, r.OperationName, r.Variables})
	return e.repeat.Once(ctx, r.Key, request, run)
}
