package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cloudapi/internal/store"
	"cloudapi/server/api/apitest"
)

const addUnits = `mutation($in: AddCapacityUnitsInput!) { addCapacityUnits(input: $in) {
	capacityUnits { amount customer { id } } customers { id version capacityBalance { type available } }
	job { id action customerId children(first: 500, orderBy: {field: STARTED_AT, direction: ASC}) { totalCount nodes { action parentId customerId } } } } }`

// TestManyUnitsAtOnce adds the maximum number of units in one change, to customers in any order: the order is kept, each has
// a job, and each customer is read once whatever is selected.
func TestManyUnitsAtOnce(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		var customers []string
		for i := range 20 {
			customers = append(customers, a.Customer(t, fmt.Sprint("c", i)))
		}
		var units []any
		for i := range 500 {
			units = append(units, map[string]any{"customerId": customers[i*7%20], "kind": "AVAILABLE", "type": "CU", "amount": i + 1})
		}
		a.Query(apitest.Operator, "{ __typename }", nil) // signs in, which has its own statements
		sent, _ := json.Marshal(map[string]any{"query": addUnits, "variables": map[string]any{"in": map[string]any{"units": units}}})
		r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(sent))
		r.Header.Set("Content-Type", "application/json")
		ctx, counter := store.WithStatementCounter(r.Context())
		answer := a.Do(r.WithContext(ctx), apitest.Operator)
		if n := counter.Count(); n > 15 {
			t.Errorf("500 units take %d statements", n)
		}
		var body struct {
			Data struct {
				AddCapacityUnits struct {
					CapacityUnits []struct {
						Amount   int
						Customer struct{ ID string }
					}
					Customers []struct {
						ID              string
						CapacityBalance []struct{ Available string }
					}
					Job struct {
						ID         string
						CustomerID *string
						Children   struct {
							TotalCount int
							Nodes      []struct{ Action, ParentID, CustomerID string }
						}
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || strings.Contains(answer.Body, `"errors"`) {
			t.Fatalf("%v %.2000s", err, answer.Body)
		}
		got := body.Data.AddCapacityUnits
		if len(got.CapacityUnits) != 500 || len(got.Customers) != 20 || got.Customers[1].ID != customers[7] || got.Job.CustomerID != nil || got.Job.Children.TotalCount != 500 {
			t.Fatalf("%.2000s", answer.Body)
		}
		for i, u := range got.CapacityUnits {
			j := got.Job.Children.Nodes[i]
			if u.Amount != i+1 || u.Customer.ID != customers[i*7%20] || j.Action != "addCapacityAvailable" || j.ParentID != got.Job.ID || j.CustomerID != u.Customer.ID {
				t.Fatalf("unit %d is %v, its job %v", i, u, j)
			}
		}
	})
}

// TestAllOrNone: if one entry is invalid, nothing of the others is kept, and each invalid entry is reported with its path.
func TestAllOrNone(t *testing.T) {
	const never = "00000000-0000-4000-8000-000000000000"
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		customer := a.Customer(t, "c")
		_, group := a.Group(t, customer, apitest.Member)
		_, other := a.Group(t, a.Customer(t, "other"), apitest.Member)
		state := func() string {
			return a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { version status capacityAvailable { id } cloudUserGroups { totalCount } jobs { totalCount } } }`, map[string]any{"id": customer}).Body
		}
		unit := func(customer string, more ...string) map[string]any {
			u := map[string]any{"customerId": customer, "kind": "AVAILABLE", "type": "CU", "amount": 1}
			for i := 0; i+1 < len(more); i += 2 {
				u[more[i]] = more[i+1]
			}
			return u
		}
		status := func(customer, version string) map[string]any {
			return map[string]any{"customerId": customer, "status": "DISABLED", "expectedVersion": version}
		}
		link := func(customer, group string) map[string]any {
			return map[string]any{"customerId": customer, "cloudUserGroupId": group}
		}
		before := state()
		version := guid.FindString(before)
		for i, c := range []struct {
			mutation, list string
			entries        []any
			want           []string
		}{
			{"addCapacityUnits", "units", []any{unit(customer), unit(never), unit(never)}, []string{"NOT_FOUND", `"field":"customerId"`, "input.units[1].customerId", `"index":2`}},
			{"addCapacityUnits", "units", []any{unit(customer, "name", strings.Repeat("x", 256)), unit(customer), unit(customer, "name", strings.Repeat("x", 300))},
				[]string{"BAD_USER_INPUT", `"field":"name"`, "input.units[0].name is 256", `"index":2`}},
			{"addCapacityUnits", "units", []any{}, []string{"BAD_USER_INPUT", `"field":"units"`}},
			{"addCapacityUnits", "units", slices.Repeat([]any{unit(customer)}, 501), []string{"BAD_USER_INPUT", `"field":"units"`, "501"}},
			{"setCustomerStatuses", "changes", []any{status(customer, version), status(customer, never)}, []string{"BAD_USER_INPUT", "CONFLICT", `"currentVersion":"` + version, "input.changes[1].customerId"}},
			{"addCloudUserGroups", "links", []any{link(customer, other.String()), link(customer, never)}, []string{"NOT_FOUND", `"field":"cloudUserGroupId"`, "input.links[1].cloudUserGroupId"}},
		} {
			title := strings.ToUpper(c.mutation[:1]) + c.mutation[1:]
			answer := a.Query(apitest.Operator, "mutation($in: "+title+"Input!) { "+c.mutation+"(input: $in) { job { id } } }", map[string]any{"in": map[string]any{c.list: c.entries}})
			for _, want := range c.want {
				if !strings.Contains(answer.Body, want) {
					t.Errorf("%d %s: no %s in %.1000s", i, c.mutation, want, answer.Body)
				}
			}
		}
		if after := state(); after != before {
			t.Errorf("something is left:\n%s\n%s", before, after)
		}
		done := a.Query(apitest.Operator, `mutation($s: SetCustomerStatusesInput!, $l: AddCloudUserGroupsInput!) {
			setCustomerStatuses(input: $s) { customers { status } job { children { nodes { action parameters } } } }
			addCloudUserGroups(input: $l) { customers { cloudUserGroups { totalCount } } job { tree { action customerId } } } }`,
			map[string]any{"s": map[string]any{"changes": []any{status(customer, version)}}, "l": map[string]any{"links": []any{link(customer, group.String()), link(customer, other.String()), link(customer, other.String())}}})
		for _, want := range []string{`"customers":[{"status":"DISABLED"}]`, `"action":"setCustomerStatus","parameters":{"customerId":"` + customer,
			`"totalCount":2`, `"tree":[{"action":"addCloudUserGroups","customerId":null},{"action":"addCloudUserGroup","customerId":"` + customer} {
			if !strings.Contains(done.Body, want) {
				t.Errorf("no %s in %s", want, done.Body)
			}
		}
	})
}

// TestManyAtOnceDoNotBlockEachOther: concurrent changes of the same customers in opposite orders wait for each other and all
// succeed; those with a key are made once.
func TestManyAtOnceDoNotBlockEachOther(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		on, forwards := servers(t, a), []any{}
		for i := range 30 {
			forwards = append(forwards, map[string]any{"customerId": a.Customer(t, fmt.Sprint("c", i)), "kind": "CONSUMED", "type": "MU", "amount": 1})
		}
		backwards := slices.Clone(forwards)
		slices.Reverse(backwards)
		const keys = 2
		for i, answer := range together(func(i int) apitest.Answer {
			units := [keys][]any{forwards, backwards}[i%keys]
			return on[i/keys%len(on)].Query(apitest.Operator, addUnits, map[string]any{"in": map[string]any{"units": units}}, "Idempotency-Key", fmt.Sprint("key ", i%keys))
		}) {
			if strings.Contains(answer.Body, `"errors"`) || strings.Count(answer.Body, `"amount":1`) != len(forwards) {
				t.Errorf("%d: %.500s", i, answer.Body)
			}
		}
		total := a.Query(apitest.Operator, `{ customers { nodes { capacityBalance { consumed } } } }`, nil)
		if strings.Count(total.Body, `"consumed":"2"`) != len(forwards) {
			t.Errorf("%.500s", total.Body)
		}
	})
}
