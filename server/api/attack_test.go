package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloudapi/server/api/apitest"
)

// repeat formats the numbers from 0 to n-1, one after another.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// attacks returns bodies of requests to /graphql that would harm a server without limits; most would harm one with gqlgen's
// defaults.
func attacks() map[string]string {
	query := func(q string) string {
		text, _ := json.Marshal(map[string]string{"query": q})
		return string(text)
	}
	nested := func(n int, open, leaf, end string) string {
		return strings.Repeat(open, n) + leaf + strings.Repeat(end, n)
	}
	doubling := func(on, leaf string) string {
		fragments := fmt.Sprintf(" fragment f60 on %s { %s }", on, leaf)
		for i := range 60 {
			fragments += fmt.Sprintf(" fragment f%d on %s { ...f%d ...f%[3]d }", i, on, i+1)
		}
		return fragments
	}
	return map[string]string{
		"overlapping aliases":    query("{ customers { nodes { " + repeat(1000, "a%d: name ") + "} } }"),
		"ten thousand aliases":   query("{ " + repeat(10000, "a%d: __typename ") + "}"),
		"deep nesting":           query("{ customers { nodes " + nested(1000, "{ cloudUserGroups { nodes { customers { nodes ", "{ id }", "} } } }") + " } }"),
		"fragment cycle":         query("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }"),
		"fragment cycles":        query("{ ...f0 } " + repeat(60, "fragment f%[1]d on Query { ...g%[1]d ...g%[1]d } fragment g%[1]d on Query { ...f%[1]d __typename } ")),
		"doubling on Query":      query("{ ...f0 }" + doubling("Query", "__typename")),
		"doubling, not included": query("{ viewer { id ...f0 @skip(if: true) } }" + doubling("CloudUser", "__typename")),
		"doubling on Customer":   query("{ customers { nodes { ...f0 } } }" + doubling("Customer", "name capacityBalance { type }")),
		"doubling in a payload":  query(`mutation { signIn(input: {login: "a", password: "b"}) { token ...f0 @skip(if: true) } }` + doubling("SignInPayload", "__typename")),
		"doubling, wrong value":  strings.TrimSuffix(query("query($n: Int) { ...f0 customers(first: $n) { totalCount } }"+doubling("Query", "__typename")), "}") + `,"variables":{"n":"x"}}`,
		"directives":             query("{ __typename " + strings.Repeat("@skip(if: false) ", 5000) + "}"),
		"ten thousand variables": query("query(" + repeat(10000, "$v%d: Int ") + ") { __typename }"),
		"operations":             query(repeat(5000, "query q%d { __typename } ")),
		"twenty megabytes":       query("{ __typename } #" + strings.Repeat("x", 20<<20)),
		"malformed megabytes":    `{"query": "` + strings.Repeat("x", 20<<20),
		"brackets":               query("{ customers(where: {idIn: " + nested(100000, "[", "1", "]") + "}) { totalCount } }"),
		"brackets in JSON":       `{"query":"{__typename}","variables":{"a":` + nested(100000, "[", "1", "]") + `}}`,
		"thirty digits":          query("{ customers(first: 123456789012345678901234567890) { totalCount } }"),
		"thirty digits in order": query("mutation { addCapacityAvailable(input: {customerId: 123456789012345678901234567890, amount: 123456789012345678901234567890, type: CU}) { job { id } } }"),
		"introspection circle":   query("{ __schema { types " + nested(12, "{ fields { type ", "{ name }", "} }") + " } }"),
		"huge pages":             query("{ customers(first: 500) { nodes { cloudUserGroups(first: 500) { nodes { customers(first: 500) { totalCount } } } } } }"),
		"batch":                  "[" + strings.Repeat(query("{ __typename }")+",", 1000) + query("{ __typename }") + "]",
		"NUL":                    `{"query":"{ domain(name: \"a\u0000b\") { id } }"}`,
		"broken UTF-8":           "{\"query\":\"{ domain(name: \\\"a\xffb\\\") { id } }\"}",
		"half a surrogate":       `{"query":"{ domain(name: \"a\ud800b\") { id } }"}`,
		"SQL":                    query(`{ customers(where: {nameContains: "'; DROP TABLE customers; --"}) { totalCount } }`),
		"SQL in a cursor":        query(`{ customers(after: "' OR 1=1 --") { totalCount } }`),
		"not JSON":               "query { __typename }",
		"nothing":                "",
	}
}

func TestAttacksAreHarmless(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/attack.db")
	a.Customer(t, "victim")
	for name, body := range attacks() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			answer := a.Do(r, apitest.Administrator)
			if ctx.Err() != nil {
				t.Error("it took more than 2 s")
			}
			if answer.Status >= 500 {
				t.Errorf("status %d: %.300s", answer.Status, answer.Body)
			}
			if len(answer.Body) > 64<<10 {
				t.Errorf("the answer has %d bytes", len(answer.Body))
			}
			for _, inner := range []string{"goroutine", ".go:", "SELECT", "sqlite", "panic", "ent:"} {
				if strings.Contains(answer.Body, inner) {
					t.Errorf("the answer shows %q: %.300s", inner, answer.Body)
				}
			}
			honest := a.Query(apitest.Administrator, "{ customers { totalCount } }", nil)
			if !strings.Contains(honest.Body, `"totalCount":1`) {
				t.Errorf("the next honest query: %d %s", honest.Status, honest.Body)
			}
		})
	}
}

// TestTextsAtTheDoor: no text field of any mutation accepts characters that some format cannot represent, or text that is
// too long; the table of customers does not change.
func TestTextsAtTheDoor(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "untouched")
		for kind, text := range map[string]string{
			"NUL": "a\x00b", "escape": "\x1b[31m", "DEL": "\x7f", "C1": "a\u0085b", "noncharacter": "a\uFFFFb",
			"too long": strings.Repeat("é", 4097),
		} {
			for _, field := range []string{"name", "description", "address", "city", "country"} {
				answer := a.Query(apitest.Operator, `mutation($in: UpdateCustomerInput!) { updateCustomer(input: $in) { job { id } } }`,
					map[string]any{"in": map[string]any{"customerId": id, field: text}})
				if !strings.Contains(answer.Body, "BAD_USER_INPUT") || !strings.Contains(answer.Body, `"field":"`+field+`"`) {
					t.Errorf("%s in %s: %s", kind, field, answer.Body)
				}
			}
		}
		for _, name := range []string{strings.Repeat("é", 256), "", "  "} {
			answer := a.Query(apitest.Operator, `mutation($in: UpdateCustomerInput!) { updateCustomer(input: $in) { job { id } } }`,
				map[string]any{"in": map[string]any{"customerId": id, "name": name}})
			if !strings.Contains(answer.Body, `"field":"name"`) {
				t.Errorf("name %q: %s", name, answer.Body)
			}
		}
		whole := strings.Repeat("é", 255)
		answer := a.Query(apitest.Operator, `mutation($in: UpdateCustomerInput!) { updateCustomer(input: $in) { customer { name } } }`,
			map[string]any{"in": map[string]any{"customerId": id, "name": whole, "description": "line\nbreak\ttab <script>'; DROP TABLE x"}})
		if !strings.Contains(answer.Body, whole) {
			t.Errorf("255 characters: %s", answer.Body)
		}
	})
}

// TestArgumentsAreStrict: scalars accept what graphql-js accepts, pages have 1 to 500 entries, and errors say what and
// where.
func TestArgumentsAreStrict(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for query, want := range map[string]string{
			`{ customers(first: 0) { totalCount } }`:                             "first must be from 1 to 500, not 0",
			`{ customers(first: -1) { totalCount } }`:                            "first must be from 1 to 500, not -1",
			`{ customers(last: 501) { totalCount } }`:                            "last must be from 1 to 500, not 501",
			`{ customers(first: 1, last: 1) { totalCount } }`:                    "",
			`{ customers(first: "1") { totalCount } }`:                           "Int cannot represent",
			`{ customers(first: 1.5) { totalCount } }`:                           "Int cannot represent",
			`{ customers(first: 2147483648) { totalCount } }`:                    "32-bit",
			`{ customers(after: "nonsense") { totalCount } }`:                    "Cursor",
			`{ customers(where: {status: NEVER}) { totalCount } }`:               "NEVER",
			`{ customers(where: {name: 1}) { totalCount } }`:                     "String cannot represent",
			`{ customer(id: "nonsense") { id } }`:                                "is not a guid",
			`{ customer(id: 1.5) { id } }`:                                       "ID cannot represent",
			`{ customers(orderBy: {field: NOTHING}) { totalCount } }`:            "NOTHING",
			`{ nodes(ids: []) { id } customers(first: 501) { nodes { id } } }`:   "from 1 to 500",
			`{ customers { nodes { domains(first: 501) { nodes { name } } } } }`: "",
		} {
			answer := a.Query(apitest.Administrator, query, nil)
			if !strings.Contains(answer.Body, want) || (want != "" && !strings.Contains(answer.Body, `"errors"`)) || strings.Contains(answer.Body, "INTERNAL") {
				t.Errorf("%s: %s", query, answer.Body)
			}
		}
		for _, amount := range []any{0, -1, 1.5, "1", 1 << 53, true, nil, 1e300} {
			answer := a.Query(apitest.Administrator, `mutation($in: AddCapacityAvailableInput!) { addCapacityAvailable(input: $in) { job { id } } }`,
				map[string]any{"in": map[string]any{"customerId": a.Customer(t, "x"), "type": "CU", "amount": amount}})
			if !strings.Contains(answer.Body, "errors") || strings.Contains(answer.Body, "INTERNAL") || !strings.Contains(answer.Body, "amount") {
				t.Errorf("amount %v: %s", amount, answer.Body)
			}
		}
	})
}
