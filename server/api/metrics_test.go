package api_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"cloudapi/server/api/apitest"
)

// TestMetricsMove: each metric of a listening server changes when the events that it counts happen.
func TestMetricsMove(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		server := httptest.NewServer(a.Handler)
		defer server.Close()
		id := a.Customer(t, "Measured")
		before := metrics(t, server.URL)
		measured(t, a, id)
		after := metrics(t, server.URL)
		for series, least := range moves() {
			if moved := after[series] - before[series]; moved < least {
				t.Errorf("%s moved by %v, not by at least %v", series, moved, least)
			}
		}
		for series := range after {
			if strings.Contains(series, "AnyName") || strings.Contains(series, "AnyOther") || strings.Contains(series, "noSuch") {
				t.Errorf("a client has named a series: %s", series)
			}
		}
		stands(t, a, before, after)
	})
}

// TestMetricsFollowConventions: Prometheus' linter has no complaints.
func TestMetricsFollowConventions(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	a.Get(apitest.Administrator, "cloud_api_customer/list")
	problems, err := testutil.GatherAndLint(a.Metrics.Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// metrics returns the series of a server, by name and labels.
func metrics(t *testing.T, url string) map[string]float64 {
	t.Helper()
	answer, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("/metrics answers %d", answer.StatusCode)
	}
	series := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		series[line[:at]] = value
	}
	return series
}

func has(series map[string]float64, prefix string) bool {
	for name := range series {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// measured causes the events that the test measures.
func measured(t *testing.T, a *apitest.API, id string) {
	t.Helper()
	add := `mutation AnyNameOfAClient($id: ID!) { addCapacityAvailable(input: { customerId: $id, type: CU, amount: 1 }) { job { id } } }`
	for range 2 {
		a.Query(apitest.Administrator, add, map[string]any{"id": id}, "Idempotency-Key", "measured")
	}
	a.Query(apitest.Administrator, `query AnyOther($id: ID!) { customer(id: $id) { name } }`, map[string]any{"id": id})
	a.Query(apitest.Administrator, `{ a: customers(first: 1) { totalCount } jobs(first: 1) { totalCount } }`, nil)
	a.Query(apitest.Administrator, `{ noSuchField }`, nil)
	a.Query(apitest.Administrator, `{`+strings.Repeat("customers{nodes{domains{nodes{customer{", 6)+`id`+strings.Repeat("}", 31), nil)
	a.Query("", `{ customers { totalCount } }`, nil)
	a.Get(apitest.Administrator, "cloud_api_customer/list")
	a.Get(apitest.Administrator, "cloud_api_customer/noSuchMethod")
	a.Get(apitest.Administrator, "cloud_api_customer/getObject?customerguid=none")
	wrong := httptest.NewRequest(http.MethodGet, "/graphql?query={__typename}", nil)
	wrong.SetBasicAuth(apitest.Operator, "not the password")
	a.Do(wrong, "")
}

// moves has the series that must change, and the minimum change.
func moves() map[string]float64 {
	return map[string]float64{
		`cloudapi_requests_total{face="graphql",operation="addCapacityAvailable",status="2xx"}`:      2,
		`cloudapi_requests_total{face="graphql",operation="customer",status="2xx"}`:                  1,
		`cloudapi_requests_total{face="graphql",operation="several",status="2xx"}`:                   1,
		`cloudapi_requests_total{face="graphql",operation="other",status="4xx"}`:                     4,
		`cloudapi_requests_total{face="rest",operation="cloud_api_customer.list",status="2xx"}`:      1,
		`cloudapi_requests_total{face="rest",operation="cloud_api_customer.getObject",status="4xx"}`: 1,
		`cloudapi_requests_total{face="rest",operation="other",status="4xx"}`:                        1,
		`cloudapi_request_duration_seconds_count{face="rest",operation="cloud_api_customer.list"}`:   1,
		`cloudapi_request_duration_seconds_count{face="graphql",operation="customer"}`:               1,
		`cloudapi_request_cost_objects_count{face="graphql"}`:                                        4,
		`cloudapi_faults_total{code="GRAPHQL_VALIDATION_FAILED",operation="other"}`:                  1,
		`cloudapi_faults_total{code="UNAUTHENTICATED",operation="other"}`:                            2,
		`cloudapi_faults_total{code="BAD_USER_INPUT",operation="cloud_api_customer.getObject"}`:      1,
		`cloudapi_faults_total{code="TOO_LARGE",operation="other"}`:                                  1,
		`cloudapi_refused_total{limit="depth"}`:                                                      1,
		`cloudapi_sign_ins_total{method="basic",outcome="ok"}`:                                       1,
		`cloudapi_sign_ins_total{method="basic",outcome="wrong"}`:                                    1,
		`cloudapi_idempotency_keys_total{outcome="first"}`:                                           1,
		`cloudapi_idempotency_keys_total{outcome="repeated"}`:                                        1,
		`cloudapi_jobs_total{action="addCapacityAvailable",status="DONE"}`:                           1,
		`cloudapi_sql_statement_duration_seconds_count{verb="select"}`:                               3,
		`cloudapi_sql_statement_duration_seconds_count{verb="insert"}`:                               2,
		`cloudapi_sql_statements_total`:                                                              5,
	}
}

// stands checks the figures that are not counted by requests.
func stands(t *testing.T, a *apitest.API, before, after map[string]float64) {
	t.Helper()
	for series, want := range map[string]float64{
		"cloudapi_database_up": 1, "cloudapi_requests_in_flight": 1,
		`cloudapi_jobs_unfinished{status="WAITING"}`:    0,
		`cloudapi_portal_circuit_state{state="closed"}`: 1,
		`cloudapi_portal_circuit_state{state="open"}`:   0,
	} {
		if got, ok := after[series]; !ok || got != want {
			t.Errorf("%s is %v (there: %v), not %v", series, got, ok, want)
		}
	}
	path := map[string]string{"sqlite3": "ordinary", "postgres": "fast"}[a.Store.Dialect()]
	reads := `cloudapi_reads_total{path="` + path + `"}`
	if after[reads] <= before[reads] {
		t.Errorf("%s did not move", reads)
	}
	for _, series := range []string{
		`cloudapi_database_connections{pool="writer",state="idle"}`, `cloudapi_database_connections_limit{pool="writer"}`,
		`cloudapi_database_waits_total{pool="writer"}`, `cloudapi_database_wait_seconds_total{pool="writer"}`,
		`cloudapi_build_info{go_version="`, `go_goroutines`, `process_open_fds`,
	} {
		if !has(after, series) {
			t.Errorf("there is no %s", series)
		}
	}
}
