package api_test

import (
	"testing"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestMetricsOfStreams: each operation of a WebSocket counts as a request, with its faults under its own name, and a stream
// whose user loses the right to it counts as cut.
func TestMetricsOfStreams(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	url := listen(t, a)
	id := a.Customer(t, "Streamed")
	before := metrics(t, url)
	s := connect(t, url, apitest.Member)
	s.subscribe("read", `{ customers { totalCount } }`)
	s.expect("next", "totalCount")
	s.expect("complete", "")
	s.subscribe("refused", `mutation { deleteCustomer(input: { customerId: "`+id+`" }) { job { id } } }`)
	s.expect("next", "FORBIDDEN")
	s.expect("complete", "")
	disabled := clouduser.StatusDISABLED
	if _, err := a.Identity.UpdateUser(viewer.SystemContext(t.Context()), model.UpdateCloudUserInput{
		CloudUserID: a.UserID(t, apitest.Member), Status: &disabled,
	}); err != nil {
		t.Fatal(err)
	}
	if code, _ := s.closed(); code != 4403 {
		t.Fatalf("closed with %d", code)
	}
	after := metrics(t, url)
	for _, series := range []string{
		`cloudapi_requests_total{face="graphql",operation="customers",status="2xx"}`,
		`cloudapi_requests_total{face="graphql",operation="deleteCustomer",status="2xx"}`,
		`cloudapi_faults_total{code="FORBIDDEN",operation="deleteCustomer"}`,
		`cloudapi_streams_cut_total{reason="revoked"}`,
	} {
		if after[series] != before[series]+1 {
			t.Errorf("%s went from %v to %v", series, before[series], after[series])
		}
	}
}
