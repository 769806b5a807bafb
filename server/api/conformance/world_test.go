// Package conformance compares all paths of a read: PostgreSQL and SQLite, each with fast reads and without, and a model
// of lists in plain Go that shares no code with them.
//
//	go test ./server/api/conformance -for 10m -seed 7
//
// Each test generates requests for some seconds. If it fails it prints its seed, and shrinks the failing request to the
// smallest that still fails.
package conformance_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/graph"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api/apitest"
)

var (
	duration = flag.Duration("for", 5*time.Second, "how long each random test draws requests")
	seed     = flag.Uint64("seed", 0, "the seed of the random tests, 0 for a new one")
)

// random returns the random source of a test, and logs its seed.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	n := *seed
	if n == 0 {
		n = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", n)
	return rand.New(rand.NewPCG(n, 1))
}

// path is one way to execute a request.
type path struct {
	name string
	api  *apitest.API
}

// world is the same data on both databases.
type world struct {
	schema *ast.Schema
	paths  []path
	// rows has all rows, by table.
	rows map[string][]row
}

// row is a row: texts, times, numbers and nil, by column.
type row map[string]any

func (r row) id() string { return r["id"].(string) }

func schema() *ast.Schema { return graph.NewSchema(&graph.Resolver{}).Schema() }

// newWorld fills PostgreSQL through mutations, adds nulls and equal keys, and copies the rows to SQLite.
func newWorld(t *testing.T) *world {
	t.Helper()
	fast := apitest.New(t, pgtest.URL(t))
	lite := apitest.Open(t, "sqlite://"+t.TempDir()+"/test.db")
	w := &world{schema: schema(), paths: []path{
		{"PostgreSQL, fast", fast}, {"PostgreSQL, ordinary", apitest.OpenOrdinary(t, fast.URL)},
		{"SQLite, fast", lite}, {"SQLite, ordinary", apitest.OpenOrdinary(t, lite.URL)},
	}}
	fill(t, fast)
	for _, update := range []string{
		"UPDATE customers SET created_at = '2026-01-02T03:04:05.000006Z' WHERE %s", "UPDATE customers SET retention_policy_id = '" + guid(1) + "' WHERE %s",
		"UPDATE jobs SET started_at = '2026-01-02T03:04:05Z' WHERE %s", "UPDATE jobs SET user_id = NULL WHERE %s",
		"UPDATE jobs SET result = NULL WHERE %s", "UPDATE jobs SET parameters = NULL, ended_at = NULL WHERE %s",
		"UPDATE cloud_spaces SET created_at = '2026-01-02T03:04:05Z' WHERE %s",
		"UPDATE jobs SET parent_id = (SELECT min(id::text)::uuid FROM jobs) WHERE %s", "UPDATE jobs SET customer_id = NULL WHERE %s",
	} {
		table := strings.Fields(update)[1]
		some := "id IN (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM " + table + ") AS all_rows WHERE n % 3 = 1)"
		if _, err := fast.Client.ExecContext(t.Context(), fmt.Sprintf(update, some)); err != nil {
			t.Fatalf("%s: %v", update, err)
		}
	}
	w.load(t)
	for table, rows := range w.rows {
		if len(rows) == 0 {
			t.Errorf("%s is empty", table)
		}
	}
	w.copy(t, w.paths[2].api)
	return w
}

// guid returns a guid that no row has.
func guid(n int) string { return fmt.Sprintf("6f1f2a52-0000-4000-8000-%012d", n) }

// fill creates objects through mutations.
func fill(t *testing.T, a *apitest.API) {
	t.Helper()
	made := func(mutation, selected string, input map[string]any) string {
		t.Helper()
		name := strings.ToUpper(mutation[:1]) + mutation[1:]
		answer := a.Query(apitest.Administrator, "mutation($in: "+name+"Input!) { x: "+mutation+"(input: $in) { job { id } "+selected+" } }", map[string]any{"in": input})
		var body struct {
			Data struct {
				X map[string]struct{ ID string }
			}
		}
		if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || len(body.Data.X) == 0 {
			t.Fatalf("%s(%v): %s", mutation, input, answer.Body)
		}
		object, _, _ := strings.Cut(selected, " ")
		return body.Data.X[object].ID
	}
	names := []string{"alpha", "Alpha", "ALPHA beta", "Straße", "STRASSE", "Ärzte", "a_b%c", `q"uo\te`, "beta"}
	var groups []string
	for i := range 6 {
		groups = append(groups, made("createCloudUserGroup", "cloudUserGroup { id }", map[string]any{"name": names[i*2%len(names)]}))
		user := made("createCloudUser", "cloudUser { id }", map[string]any{"login": fmt.Sprintf("user%d", i), "password": apitest.Password, "role": []string{"MEMBER", "OPERATOR"}[i%2]})
		made("addUserToGroup", "cloudUserGroup { id }", map[string]any{"cloudUserGroupId": groups[i/2], "cloudUserId": user})
		made("createPortalAccount", "portalAccount { id }", map[string]any{"username": fmt.Sprintf("portal%d", i), "password": apitest.PortalSecret})
		made("createAccessToken", "accessToken { id }", map[string]any{"name": names[i]})
	}
	for i := range 16 {
		input := map[string]any{"name": names[i%len(names)], "city": []string{"", "Ghent", "ghent", "Zürich"}[i%4], "country": []string{"BE", "CH"}[i%2]}
		if i%3 > 0 {
			input["resourceGroupId"] = guid(i % 3)
		}
		id := made("createCustomer", "customer { id }", input)
		made("setCustomerStatus", "customer { id }", map[string]any{"customerId": id, "status": []string{"ACTIVE", "CONFIGURED", "DISABLED"}[i%3]})
		for j := range i % 4 {
			made("addCloudUserGroup", "customer { id }", map[string]any{"customerId": id, "cloudUserGroupId": groups[(i+j)%len(groups)]})
			made("addCapacityAvailable", "customer { id }", map[string]any{"customerId": id, "amount": i + j, "type": []string{"CU", "MU"}[j%2]})
			made("addCapacityConsumed", "customer { id }", map[string]any{"customerId": id, "amount": 9007199254740991, "type": "CU"})
			made("registerDomain", "domain { id }", map[string]any{"customerId": id, "username": apitest.PortalAccount, "password": apitest.PortalSecret, "domain": fmt.Sprintf("d%d-%d.example", i, j)})
			space := made("createCloudSpace", "cloudSpace { id }", map[string]any{"customerId": id, "name": names[j]})
			made("createCloudSpace", "cloudSpace { id }", map[string]any{"customerId": id, "name": names[j+1], "parentId": space})
		}
	}
}

// tables returns all visible tables, referenced tables first.
func tables() []string {
	all := []string{"customers", "cloud_users", "cloud_user_groups"}
	for _, e := range ent.Entities() {
		all = append(all, e.Table)
		for _, edge := range e.Edges {
			if edge.Link != "" {
				all = append(all, edge.Link)
			}
		}
	}
	var once []string
	for _, name := range all {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// load reads all rows.
func (w *world) load(t *testing.T) {
	t.Helper()
	w.rows = map[string][]row{}
	for _, table := range tables() {
		rows, err := w.paths[0].api.Client.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, pointers := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				pointers[i] = &values[i]
			}
			if err := rows.Scan(pointers...); err != nil {
				t.Fatal(err)
			}
			r := row{}
			for i, c := range columns {
				r[c] = values[i]
				if text, ok := values[i].([]byte); ok {
					r[c] = string(text)
				}
			}
			w.rows[table] = append(w.rows[table], r)
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
}

// copy writes all rows to another database.
func (w *world) copy(t *testing.T, to *apitest.API) {
	t.Helper()
	for _, table := range tables() {
		for _, r := range w.rows[table] {
			var columns, places []string
			var values []any
			for c, v := range r {
				columns, places, values = append(columns, c), append(places, "?"), append(values, v)
			}
			insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
			if _, err := to.Client.ExecContext(t.Context(), insert, values...); err != nil {
				t.Fatalf("%s: %v", insert, err)
			}
		}
	}
}
