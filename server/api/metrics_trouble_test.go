package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloudapi/internal/portal"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/limit"
)

// TestMetricsOfRefusals: requests that a limit rejects are counted by the limit's name.
func TestMetricsOfRefusals(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) {
		o.Limits = limit.Limits{Cost: 20}
		o.Rates = limit.Rates{Burst: 20, PerSecond: 1}
	})
	server := httptest.NewServer(a.Handler)
	defer server.Close()
	a.Query(apitest.Operator, `{ customers(first: 500) { nodes { name } } }`, nil)
	for range 25 {
		a.Query(apitest.Member, `{ customers(first: 5) { nodes { name } } }`, nil)
	}
	for range 8 {
		r := httptest.NewRequest(http.MethodGet, "/appserver/rest/cloud_api_customer/list", nil)
		r.SetBasicAuth(apitest.Member, "wrong")
		a.Do(r, "")
	}
	after := metrics(t, server.URL)
	for _, name := range []string{"cost", "rate", "sign_in"} {
		if series := `cloudapi_refused_total{limit="` + name + `"}`; after[series] == 0 {
			t.Errorf("%s did not move", series)
		}
	}
	if after[`cloudapi_faults_total{code="RATE_LIMITED",operation="other"}`] < 2 || after[`cloudapi_sign_ins_total{method="basic",outcome="refused"}`] == 0 {
		t.Errorf("refusals are not counted as faults and sign-ins")
	}
}

// TestMetricsOfTrouble: a failing portal opens its circuit, and the metrics show a waiting background job.
func TestMetricsOfTrouble(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer broken.Close()
	remote, err := portal.NewHTTP(broken.URL)
	if err != nil {
		t.Fatal(err)
	}
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.Portal = remote })
	server := httptest.NewServer(a.Handler)
	defer server.Close()
	id := a.Customer(t, "Troubled")
	register := `mutation { registerDomain(input: { customerId: %q, username: "u", password: "p", domain: "d%d.example", execution: { params: { wait: %v } } }) { job { id } } }`
	a.Query(apitest.Administrator, fmt.Sprintf(register, id, 1, true), nil)
	a.Query(apitest.Administrator, fmt.Sprintf(register, id, 3, false), nil)
	// While the circuit is open no job is accepted: the worker opens it.
	for deadline := time.Now().Add(time.Minute); remote.State() != "open" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
	if refused := a.Query(apitest.Administrator, fmt.Sprintf(register, id, 2, false), nil); !strings.Contains(refused.Body, `"code":"UNAVAILABLE"`) {
		t.Errorf("while the circuit is open: %s", refused.Body)
	}
	after := metrics(t, server.URL)
	if after[`cloudapi_portal_circuit_state{state="open"}`] != 1 || after[`cloudapi_portal_circuit_state{state="closed"}`] != 0 {
		t.Error("the circuit is not seen to be open")
	}
	if n := after[`cloudapi_portal_request_duration_seconds_count{status="5xx"}`]; n != 5 {
		t.Errorf("%v requests to the portal were counted, not 5", n)
	}
	if n := after[`cloudapi_jobs_unfinished{status="WAITING"}`] + after[`cloudapi_jobs_unfinished{status="RUNNING"}`]; n != 1 {
		t.Errorf("%v jobs are seen unfinished, not 1", n)
	}
	if after[`cloudapi_jobs_total{action="registerDomain",status="ERROR"}`] != 2 {
		t.Error("the jobs that failed are not counted")
	}
}

// TestMetricsWithoutDatabase: the metrics are served, and report that the database is unavailable.
func TestMetricsWithoutDatabase(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	server := httptest.NewServer(a.Handler)
	defer server.Close()
	if err := a.Store.Close(); err != nil {
		t.Fatal(err)
	}
	after := metrics(t, server.URL)
	if up, told := after["cloudapi_database_up"]; !told || up != 0 {
		t.Errorf("cloudapi_database_up is %v (told: %v)", up, told)
	}
	if has(after, "cloudapi_jobs_unfinished") {
		t.Error("jobs are told of that nobody knows")
	}
}
