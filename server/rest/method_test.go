package rest

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/graph"
	"cloudapi/server/engine"
)

func newEngine() *engine.Engine {
	return engine.New(engine.Options{
		Schema: graph.NewSchema(&graph.Resolver{}), Presenter: graphql.DefaultErrorPresenter,
	})
}

// TestOperationsRefused: the server does not start with an operation that it could not answer.
func TestOperationsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"not GraphQL":        {`query m {`, "Expected Name"},
		"no such field":      {`query m { result: nothing }`, `Cannot query field "nothing"`},
		"no such type":       {`query m($x: Nothing) { result: customerStatuses }`, "Nothing"},
		"no result":          {`query m { customerStatuses }`, "a query selects its result"},
		"no job":             {`mutation m($x: ID!) { deleteCustomer(input: {customerId: $x}) { customerId } }`, "selects its jobguid"},
		"no page info":       {`query m($after: Cursor) { customers(after: $after) { result: nodes { id } } }`, "selects nodes, hasNextPage and endCursor"},
		"nodes of another":   {`query m($after: Cursor) { customers(after: $after) { pageInfo { hasNextPage endCursor } } result: customerStatuses }`, "selects nodes"},
		"result beside":      {`query m($after: Cursor) { customers(after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } result: customerStatuses }`, "is in the result"},
		"pages below a list": {`query m($after: Cursor) { result: customers { nodes { cloudSpaces(after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`, "below a list"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := loadService(newEngine(), "s", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
