package api_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"cloudapi/internal/dev/bench/dataset"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// many is the number of customers, of which every second has a domain, a group and a job; giant is how many more of each one
// of them has.
const (
	many  = 500_000
	giant = 500
)

// pageRows is how many rows a page of 20 may read: each of its customers, and one more, may be looked up in a few tables.
const pageRows = 400

// TestManyCustomers loads a large database once for the tests that need it.
func TestManyCustomers(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{Settings: map[string]string{
		"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "'4GB'", "shared_buffers": "'512MB'",
		"session_preload_libraries": "'auto_explain'", "auto_explain.log_min_duration": "-1",
	}})
	known := loadMany(t, s.URL("postgres"))
	t.Run("plans", func(t *testing.T) { testPlans(t, s, known) })
	t.Run("list", func(t *testing.T) { testList(t, s.URL("postgres")) })
}

// testPlans: an index serves every filter and every order of customers and of their lists, on the first page and on a
// distant one. It reads the plans of the server's own statements from PostgreSQL's log, with the rows that each step has
// read.
func testPlans(t *testing.T, s *pgtest.Server, known *landmarks) {
	for path, ordinary := range map[string]bool{"fast": false, "ordinary": true} {
		// A prepared statement eventually gets a generic plan.
		for _, mode := range []string{"force_custom_plan", "force_generic_plan", "auto"} {
			t.Run(path+"/"+mode, func(t *testing.T) {
				a := apitest.Open(t, explained(s.URL("postgres"), mode), func(o *api.Options) { o.OrdinaryReads = ordinary })
				if mode != "auto" {
					known.orders(t, s, a)
				}
				if mode != "force_generic_plan" {
					known.searches(t, s, a)
				}
				known.neighbors(t, s, a)
			})
		}
	}
}

// explained returns a connection string whose sessions log the plan of each statement.
func explained(target, mode string) string {
	return target + "&" + url.Values{
		"auto_explain.log_min_duration": {"0"},
		"auto_explain.log_analyze":      {"on"}, "auto_explain.log_timing": {"off"}, "auto_explain.log_format": {"json"},
		"plan_cache_mode": {mode},
	}.Encode()
}

// landmarks are the values for requests.
type landmarks struct {
	db                    *sql.DB
	id, resources, giants string // guids: of customer 123456 and its resource group, and of the customer with the most rows
}

func loadMany(t *testing.T, target string) *landmarks {
	t.Helper()
	apitest.New(t, target)
	db, err := sql.Open("postgres", target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := dataset.Load(t.Context(), db, dataset.Size{Customers: many, Domains: 1, Groups: 1, Members: 1, Spaces: 1, Jobs: 1, Users: 10_000, Every: 2}); err != nil {
		t.Fatal(err)
	}
	known := &landmarks{db: db}
	err = db.QueryRow("SELECT id, resource_group_id FROM customers WHERE name LIKE '% 123456'").Scan(&known.id, &known.resources)
	if err != nil {
		t.Fatal(err)
	}
	known.grow(t)
	return known
}

// grow gives one customer many rows of everything, and links the member to it.
func (l *landmarks) grow(t *testing.T) {
	t.Helper()
	if err := l.db.QueryRow("SELECT " + dataset.CustomerID("250000")).Scan(&l.giants); err != nil {
		t.Fatal(err)
	}
	number := fmt.Sprintf("FROM generate_series(1, %d) i", giant)
	moment := "timestamptz '2026-01-01' + i * interval '1 second'"
	for _, statement := range []string{
		"INSERT INTO domains (id, name, registered_at, portal_username, customer_id) SELECT gen_random_uuid(), 'giant-' || i || '.example', " + moment + ", 'portal', '" + l.giants + "' " + number,
		"INSERT INTO cloud_spaces (id, created_at, name, customer_id) SELECT gen_random_uuid(), " + moment + ", 'Space ' || i, '" + l.giants + "' " + number,
		"INSERT INTO jobs (id, action, status, started_at, customer_id) SELECT gen_random_uuid(), 'updateCustomer', 'DONE', " + moment + ", '" + l.giants + "' " + number,
		"INSERT INTO customer_cloud_user_groups (customer_id, cloud_user_group_id) SELECT '" + l.giants + "', id FROM cloud_user_groups ORDER BY id LIMIT " + fmt.Sprint(giant),
		"INSERT INTO cloud_user_group_users (cloud_user_group_id, cloud_user_id) SELECT (SELECT cloud_user_group_id FROM customer_cloud_user_groups WHERE customer_id = '" + l.giants +
			"' ORDER BY 1 DESC LIMIT 1), id FROM cloud_users WHERE login = '" + apitest.Member + "'",
		"VACUUM ANALYZE",
	} {
		if _, err := l.db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// expectation is the maximum cost of a request.
type expectation struct {
	login   string
	query   string
	most    int      // maximum number of rows read from all tables
	usually []string // the same request with values that make its prepared statements get a generic plan
}

// settle is how often PostgreSQL uses a custom plan before it may choose a generic one, plus one.
const settle = 6

func (e expectation) check(t *testing.T, s *pgtest.Server, a *apitest.API) {
	t.Helper()
	for range settle {
		for _, query := range e.usually {
			a.Query(e.login, query, nil)
		}
	}
	a.Query(e.login, "{ __typename }", nil) // signs in, which has its own statements
	before := len(s.Log())
	answer := a.Query(e.login, e.query, nil)
	if answer.Status != 200 || strings.Contains(answer.Body, `"errors"`) {
		t.Fatalf("%s: %s", e.query, answer.Body)
	}
	plans := parsePlans(t, s.Log()[before:])
	if len(plans) == 0 {
		t.Fatal("no plan was logged")
	}
	read := 0
	for _, p := range plans {
		read += p.Plan.read()
		for _, relation := range p.Plan.sequential() {
			t.Errorf("reads the whole of %s:\n%s", relation, p)
		}
	}
	if read > e.most {
		t.Errorf("reads %d rows, more than %d:\n%s", read, e.most, plans)
	}
}
