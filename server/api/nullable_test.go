package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestAFailingFieldTakesNoNeighbourAway: what was committed is always reported, by ordinary and by fast reads.
func TestAFailingFieldTakesNoNeighbourAway(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		long := strings.Repeat("x", 256)
		for name, c := range map[string]struct {
			query string
			some  []string // fields that have a value
			none  []string // fields that are null
		}{
			"mutations": {
				`mutation { a: createCustomer(input: {name: "a"}) { customer { id } job { id } }
					b: createCustomer(input: {name: "` + long + `"}) { job { id } }
					c: createCustomer(input: {name: "c"}) { job { id } } }`,
				[]string{"a", "c"}, []string{"b"},
			},
			"a bad argument": {
				`mutation { a: createCustomer(input: {name: "a"}) { job { id } }
					b: addCapacityAvailable(input: {customerId: "` + id + `", amount: 0, type: CU}) { job { id } } }`,
				[]string{"a"}, []string{"b"},
			},
			"reads": {
				`{ a: customers(first: 1) { nodes { id } } b: customers(first: 0) { totalCount } c: customer(id: "` + id + `") { id }
					d: customer(id: "00000000-0000-0000-0000-000000000000") { id } e: customerXMLSchema(customerId: "x") f: nodes(ids: ["x"]) { id }
					g: customerStatuses h: portalAccounts(first: 501) { totalCount } }`,
				[]string{"a", "c", "g"}, []string{"b", "d", "e", "f", "h"},
			},
		} {
			answer := a.Query(apitest.Administrator, c.query, nil)
			var got struct {
				Data   map[string]json.RawMessage
				Errors []struct{ Path []any }
			}
			if err := json.Unmarshal([]byte(answer.Body), &got); err != nil {
				t.Fatalf("%s: %v: %s", name, err, answer.Body)
			}
			for _, field := range c.some {
				if v := string(got.Data[field]); v == "" || v == "null" {
					t.Errorf("%s: %s is lost: %s", name, field, answer.Body)
				}
			}
			for _, field := range c.none {
				if v := string(got.Data[field]); v != "null" {
					t.Errorf("%s: %s is %s", name, field, v)
				}
			}
			if len(got.Errors) != len(c.none) {
				t.Errorf("%s: %d errors: %s", name, len(got.Errors), answer.Body)
			}
		}
	})
}

// TestAnErrorBelowAPayloadLeavesItsJob: the object is null; the job and the other fields are not.
func TestAnErrorBelowAPayloadLeavesItsJob(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		answer := a.Query(apitest.Operator, `mutation {
			a: createCustomer(input: {name: "a"}) { customer { id domains(first: 501) { totalCount } } job { id } }
			b: createCustomer(input: {name: "b"}) { customer { name } job { status } } }`, nil)
		if job := guid.FindString(answer.Body); job == "" ||
			!strings.HasSuffix(answer.Body[:strings.Index(answer.Body, `,"extensions":{"cost"`)],
				`"data":{"a":{"customer":null,"job":{"id":"`+job+`"}},"b":{"customer":{"name":"b"},"job":{"status":"DONE"}}}`) {
			t.Error(answer.Body)
		}
	})
}

// TestAKeyIsAllOrNothing: with an Idempotency-Key the operation is one transaction, and a failed one reports nothing as
// done.
func TestAKeyIsAllOrNothing(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		answer := a.Query(apitest.Operator, `mutation { a: createCustomer(input: {name: "undone"}) { customer { id } }
			b: createCustomer(input: {name: ""}) { job { id } } }`, nil, "Idempotency-Key", "k")
		if !strings.Contains(answer.Body, `"data":null`) {
			t.Error(answer.Body)
		}
		left := a.Query(apitest.Operator, `{ customers(where: {name: "undone"}) { totalCount } }`, nil)
		if !strings.Contains(left.Body, `"totalCount":0`) {
			t.Error(left.Body)
		}
	})
}
