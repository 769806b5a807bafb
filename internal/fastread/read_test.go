package fastread_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api/apitest"
)

// roots draws the root fields of an operation.
func (d *drawn) roots(ids []string) string {
	if !d.sometimes("connection", 2) {
		id := rapid.SampledFrom(append(ids, "00000000-0000-4000-8000-000000000000")).Draw(d.t, "id")
		return "customer(id: " + d.given("ID!", strings.ToUpper(id), fmt.Sprintf("%q", id)) + ") " + d.object("Customer", 3)
	}
	root := rapid.SampledFrom([][2]string{
		{"customers", "Customer"}, {"customers", "Customer"}, {"cloudUserGroups", "CloudUserGroup"},
		{"cloudUsers", "CloudUser"}, {"jobs", "Job"},
	}).Draw(d.t, "root")
	return d.connection("Query", root[0], root[1], 2)
}

// operation puts an operation together.
func (d *drawn) operation(roots string) string {
	query := "query "
	if len(d.declared) > 0 {
		query += "(" + strings.Join(d.declared, ", ") + ") "
	}
	query += "{ " + roots + " }"
	if strings.Contains(query, "...unit") {
		query += " fragment unit on CapacityUnit { type amount __typename }"
	}
	return query
}

// remember keeps the cursors of an answer.
func remember(into map[string][]string, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			remember(into, e)
		}
	case map[string]any:
		for name, e := range v {
			if text, ok := e.(string); ok && strings.HasPrefix(name, "c_") && !slices.Contains(into[name], text) && len(into[name]) < 50 {
				into[name] = append(into[name], text)
			}
			remember(into, e)
		}
	}
}

// TestFastIsOrdinary is the licence for the fast path: random selections,
// arguments, variables and viewers give the answer of the ordinary path.
func TestFastIsOrdinary(t *testing.T) { apitest.Each(t, fastIsOrdinary) }

func fastIsOrdinary(t *testing.T, fast *apitest.API) {
	ids := fill(t, fast)
	slow := apitest.OpenOrdinary(t, fast.URL)
	cursors := map[string][]string{}
	rapid.Check(t, func(rt *rapid.T) {
		d := &drawn{t: rt, variables: map[string]any{}, cursors: cursors}
		query := d.operation(d.roots(ids))
		login := rapid.SampledFrom([]string{apitest.Administrator, apitest.Operator, apitest.Member}).Draw(rt, "login")
		got, want := fast.Query(login, query, d.variables), slow.Query(login, query, d.variables)
		expected := decode(rt, want.Body)
		if diff := cmp.Diff(expected, decode(rt, got.Body)); diff != "" {
			rt.Fatalf("%s with %v as %s: ordinary (-) and fast (+) differ:\n%s", query, d.variables, login, diff)
		}
		remember(cursors, expected)
	})
	fastOnes, others := fast.Reader.Fast.Load(), fast.Reader.Ordinary.Load()
	if fastOnes < 10*others || slow.Reader != nil {
		// The others are customers that are not there, or not for the viewer.
		t.Logf("the fast path took %d root fields and left %d", fastOnes, others)
	}
	if failed := fast.Reader.Failed.Load(); fastOnes == 0 || failed > 0 {
		t.Errorf("the fast path took %d root fields and failed at %d: %s", fastOnes, failed, fast.Log)
	}
}

// TestSharedReadsEqualSeparateOnes asks for many customers at once, so that they share
// statements.
func TestSharedReadsEqualSeparateOnes(t *testing.T) {
	fast := apitest.New(t, pgtest.URL(t)) // objects of SQLite are not read together
	ids := append(fill(t, fast)[6:], "00000000-0000-4000-8000-000000000000")
	slow := apitest.OpenOrdinary(t, fast.URL)
	rapid.Check(t, func(rt *rapid.T) {
		d := &drawn{t: rt, variables: map[string]any{}, declared: []string{"$id: ID!"}}
		query := d.operation("customer(id: $id) " + d.object("Customer", 2))
		with := func(id string) map[string]any {
			all := maps.Clone(d.variables)
			all["id"] = id
			return all
		}
		logins := []string{apitest.Administrator, apitest.Operator, apitest.Member}
		got := map[[2]string]string{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, login := range logins {
			for _, id := range append(ids, ids[0]) {
				all.Go(func() {
					body := fast.Query(login, query, with(id)).Body
					mu.Lock()
					defer mu.Unlock()
					got[[2]string{login, id}] = body
				})
			}
		}
		all.Wait()
		for asked, body := range got {
			want := slow.Query(asked[0], query, with(asked[1])).Body
			if diff := cmp.Diff(decode(rt, want), decode(rt, body)); diff != "" {
				rt.Fatalf("%s for %v: alone (-) and together (+) differ:\n%s", query, asked, diff)
			}
		}
	})
}

func decode(t *rapid.T, body string) any {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	// What is left of a caller's rate depends on when it is asked.
	delete(v, "extensions")
	// Resolvers of siblings run at once: their errors come in any order.
	errs, _ := v["errors"].([]any)
	slices.SortFunc(errs, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return v
}
