package api_test

import (
	"fmt"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestTotalsOfManyJobs: jobs are counted up to 10,000, in every list and on both read paths, and totalCountIsEstimate
// reports whether there are more.
func TestTotalsOfManyJobs(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		few, many := a.Customer(t, "few"), a.Customer(t, "many")
		insertJobs(t, a, 1, 10_001, many)
		ordinary := apitest.OpenOrdinary(t, a.URL)
		for _, c := range []struct{ query, want string }{
			{`{ jobs(first: 1) { totalCount totalCountIsEstimate } }`, `{"jobs":{"totalCount":10001,"totalCountIsEstimate":true}}`},
			{`{ jobs(where: {action: "createCustomer"}) { more: totalCountIsEstimate n: totalCount } }`, `{"jobs":{"more":false,"n":2}}`},
			{`{ jobs(first: 1, where: {action: "none"}) { totalCountIsEstimate nodes { action } } }`, `{"jobs":{"totalCountIsEstimate":false,"nodes":[]}}`},
			{`{ jobs(last: 1, where: {action: "many"}) { totalCountIsEstimate nodes { action } } }`, `{"jobs":{"totalCountIsEstimate":true,"nodes":[{"action":"many"}]}}`},
			{
				`{ nodes(ids: ["` + few + `", "` + many + `"]) { ... on Customer { jobs(first: 1) { totalCount totalCountIsEstimate nodes { action } } } } }`,
				`{"nodes":[{"jobs":{"totalCount":1,"totalCountIsEstimate":false,"nodes":[{"action":"createCustomer"}]}},` +
					`{"jobs":{"totalCount":10001,"totalCountIsEstimate":true,"nodes":[{"action":"many"}]}}]}`,
			},
			{
				`{ nodes(ids: ["` + few + `", "` + many + `"]) { ... on Customer { jobs(last: 1) { totalCount } } } }`,
				`{"nodes":[{"jobs":{"totalCount":1}},{"jobs":{"totalCount":10001}}]}`,
			},
		} {
			for path, api := range map[string]*apitest.API{"fast": a, "ordinary": ordinary} {
				if got := api.Query(apitest.Operator, c.query, nil).Body; !strings.HasPrefix(got, `{"data":`+c.want) {
					t.Errorf("%s, the %s path: %.300s\nwant %s", c.query, path, got, c.want)
				}
			}
		}
		if got := a.Query(apitest.Member, "{ jobs { totalCount totalCountIsEstimate } }", nil).Body; !strings.Contains(got, `{"totalCount":0,"totalCountIsEstimate":false}`) {
			t.Errorf("a member gets %s", got)
		}
	})
}

// insertJobs inserts finished jobs of a customer, numbered from and to.
func insertJobs(t testing.TB, a *apitest.API, from, to int, customer string) {
	t.Helper()
	insert := "WITH RECURSIVE i(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM i WHERE n < %d) " +
		"INSERT INTO jobs (id, action, status, started_at, customer_id) SELECT printf('018f0000-0000-7000-8000-%%012x', n), 'many', 'DONE', '2027-01-02 03:04:05+00:00', '%s' FROM i"
	if a.Store.Dialect() == "postgres" {
		insert = "INSERT INTO jobs (id, action, status, started_at, customer_id) " +
			"SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'many', 'DONE', now(), '%[3]s' FROM generate_series(%[1]d, %[2]d) n"
	}
	alter(t, a, fmt.Sprintf(insert, from, to, customer))
}
