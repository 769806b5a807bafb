package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/internal/store"
	"cloudapi/server/api/apitest"
)

// TestReadsTakeFewStatements: the number of SQL statements of a read does not depend on the number of rows.
func TestReadsTakeFewStatements(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for range 5 {
			world(t, a)
		}
		id := world(t, a).customer
		// Signing in has its own statements.
		a.Query(apitest.Administrator, "{ __typename }", nil)
		for _, c := range []struct {
			query string
			most  int64
		}{
			{`query($id: ID!) { customer(id: $id) { name } }`, 1},
			{`query($id: ID!) { customer(id: $id) { capacityAvailable { amount } capacityConsumed { amount } capacityBalance { remaining } } }`, 4},
			{`{ customers(first: 5) { nodes { name } } }`, 1},
			{`{ customers(first: 5) { nodes { name } pageInfo { hasNextPage endCursor } } }`, 1},
			{`{ customers(first: 5) { edges { node { name } } totalCount } }`, 2},
			{`{ customers(first: 5) { nodes { domains { nodes { name } } cloudSpaces { nodes { name } } } } }`, 3},
			{`{ customers(first: 5) { nodes { d: domains { e: nodes { name } pageInfo { hasNextPage } } } } }`, 2},
			// A link table needs one more statement.
			{`{ customers(first: 5) { nodes { cloudUserGroups { nodes { name users { nodes { login } } } } } } }`, 5},
			{`{ jobs(first: 5) { nodes { action user { login } customer { name } parent { action } } } }`, 4},
		} {
			body, _ := json.Marshal(map[string]any{"query": c.query, "variables": map[string]any{"id": id}})
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
			r.Header.Set("Content-Type", "application/json")
			ctx, counter := store.WithStatementCounter(r.Context())
			answer := a.Do(r.WithContext(ctx), apitest.Administrator)
			if strings.Contains(answer.Body, "errors") {
				t.Errorf("%s: %s", c.query, answer.Body)
			}
			if n := counter.Count(); n > c.most || n == 0 {
				t.Errorf("%s takes %d statements; at most %d are allowed", c.query, n, c.most)
			}
		}
	})
}

// TestEitherFormOfAConnection: nodes, edges, aliases and fragments give the same rows, and count only what is selected.
func TestEitherFormOfAConnection(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for range 3 {
			world(t, a)
		}
		want := `"name":"one"`
		for _, query := range []string{
			`{ customers(first: 2) { nodes { name } } }`,
			`{ customers(first: 2) { edges { node { name } } } }`,
			`{ customers(first: 2) { x: edges { y: node { name } } } }`,
			`{ customers(first: 2) { ... { nodes { ...f } } } } fragment f on Customer { name }`,
			`{ customers(last: 2) { nodes { name } } }`,
		} {
			answer := a.Query(apitest.Administrator, query, nil)
			if n := strings.Count(answer.Body, want); n != 2 {
				t.Errorf("%s: %d names in %s", query, n, answer.Body)
			}
		}
		page := a.Query(apitest.Administrator, `{ customers(first: 2) { pageInfo { hasNextPage hasPreviousPage } } }`, nil)
		if !strings.Contains(page.Body, `"hasNextPage":true,"hasPreviousPage":false`) {
			t.Errorf("page information alone: %s", page.Body)
		}
	})
}
