package api_test

import (
	"slices"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

const createWhole = `mutation($in: CreateCustomerInput!) { createCustomer(input: $in) { customer {
	id capacityAvailable { type amount name } capacityConsumed { type amount } cloudUserGroups { nodes { name } }
	cloudSpaces { nodes { name status parent { name } } } } job { id customer { id } } } }`

// TestCustomerWithAllThatItBeginsWith creates a customer with units, groups and spaces in one change, in the order of its
// input. A viewer of its job sees no groups of others in it.
func TestCustomerWithAllThatItBeginsWith(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		_, own := a.Group(t, a.Customer(t, "other"), apitest.Member)
		hidden := world(t, a).group
		in := map[string]any{
			"name":              "whole",
			"capacityAvailable": []any{map[string]any{"type": "MU", "amount": 2, "name": "b"}, map[string]any{"type": "CU", "amount": 1}},
			"capacityConsumed":  []any{map[string]any{"type": "CU", "amount": 3}},
			"cloudUserGroupIds": []any{own, hidden, own},
			"cloudSpaces": []any{
				map[string]any{"name": "x", "children": []any{map[string]any{"name": "y", "status": "DISABLED", "children": []any{map[string]any{"name": "z"}}}}},
				map[string]any{"name": "w", "description": "d"},
			},
		}
		made := a.Query(apitest.Operator, createWhole, map[string]any{"in": in}).Body
		for _, want := range []string{
			`"capacityAvailable":[{"type":"MU","amount":2,"name":"b"},{"type":"CU","amount":1,"name":""}],"capacityConsumed":[{"type":"CU","amount":3}]`,
			`"cloudUserGroups":{"nodes":[{"name":"group of mia"},{"name":"group"}]}`,
			`{"name":"x","status":"ACTIVE","parent":null},{"name":"y","status":"DISABLED","parent":{"name":"x"}},{"name":"z","status":"ACTIVE","parent":{"name":"y"}},{"name":"w"`,
		} {
			if !strings.Contains(made, want) {
				t.Errorf("no %s in %s", want, made)
			}
		}
		job := guid.FindAllString(made, -1)
		seen := a.Query(apitest.Member, `query($id: ID!) { job(id: $id) { parameters serialized(format: YAML) } }`, map[string]any{"id": job[len(job)-2]}).Body
		if !strings.Contains(seen, `"cloudUserGroupIds":["`+own.String()) || strings.Contains(seen, hidden) {
			t.Errorf("a member sees %s", seen)
		}
	})
}

// TestCustomerThatBeginsWrongly: all faults are reported with their paths, and nothing is created.
func TestCustomerThatBeginsWrongly(t *testing.T) {
	const never = "00000000-0000-4000-8000-000000000000"
	long := strings.Repeat("x", 256)
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		unit := map[string]any{"type": "CU", "amount": 1, "name": long}
		answer := a.Query(apitest.Operator, createWhole, map[string]any{"in": map[string]any{
			"name": "", "capacityConsumed": []any{unit}, "cloudUserGroupIds": []any{never},
			"cloudSpaces": []any{map[string]any{"name": "x", "children": []any{map[string]any{"name": ""}}}},
		}})
		for _, want := range []string{
			"name must not be empty", "input.capacityConsumed[0].name is 256", "input.cloudSpaces[0].children[0].name must not be empty",
			"input.cloudUserGroupIds[0]: cloudusergroup with guid", `"code":"NOT_FOUND"`, `"code":"BAD_USER_INPUT"`,
		} {
			if !strings.Contains(answer.Body, want) {
				t.Errorf("no %s in %s", want, answer.Body)
			}
		}
		delete(unit, "name")
		many := a.Query(apitest.Operator, createWhole, map[string]any{"in": map[string]any{"name": "x", "capacityAvailable": slices.Repeat([]any{unit}, 501)}})
		if !strings.Contains(many.Body, "at most 500") {
			t.Error(many.Body)
		}
		left := a.Query(apitest.Operator, `{ customers { totalCount } cloudSpaces { totalCount } }`, nil)
		if !strings.Contains(left.Body, `{"customers":{"totalCount":0},"cloudSpaces":{"totalCount":0}}`) {
			t.Errorf("something is left: %s", left.Body)
		}
	})
}
