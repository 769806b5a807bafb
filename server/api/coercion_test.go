package api_test

import (
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestInvalidInputsOnEveryPath: inputs that the schema forbids are errors of the client on every path.
func TestInvalidInputsOnEveryPath(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "one")
		for query, variables := range map[string]map[string]any{
			`query($d: OrderDirection) { customer(id: "` + id + `") { domains(first: 1, orderBy: {field: NAME, direction: $d}) { nodes { name } } } }`: {"d": nil},
			`query($d: OrderDirection) { customers(first: 1, orderBy: {field: NAME, direction: $d}) { nodes { name } } }`:                              {"d": nil},
			`query($v: CustomerWhereInput) { customers(where: $v) { totalCount } }`:                                                                    {"v": map[string]any{"__typename": "x"}},
			`query A { viewer { login } } query B { viewer { login } }`:                                                                                nil,
		} {
			if got := a.Query(apitest.Administrator, query, variables); !strings.Contains(got.Body, `"BAD_USER_INPUT"`) {
				t.Errorf("%s: %s", query, got.Body)
			}
		}
	})
}
