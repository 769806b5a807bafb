package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api/apitest"
)

// TestFailedFastReadsAreSeen: a fast read that fails is answered by the ordinary path, counted separately, and logged with
// its cause. A read that the fast path does not support is not a failure.
func TestFailedFastReadsAreSeen(t *testing.T) {
	a := apitest.New(t, pgtest.URL(t))
	id := a.Customer(t, "one")
	metric := func(line string) bool {
		return strings.Contains(a.Do(httptest.NewRequest(http.MethodGet, "/metrics", nil), apitest.Administrator).Body, line)
	}
	a.Query(apitest.Administrator, `{ customer(id: "`+id+`") { serialized(format: XML) } }`, nil)
	a.Query(apitest.Administrator, `{ customer(id: "00000000-0000-4000-8000-000000000000") { name } }`, nil)
	a.Query(apitest.Administrator, `{ customers(after: "nonsense") { totalCount } }`, nil)
	if a.Reader.Failed.Load() != 0 || !metric("cloudapi_fast_read_failures_total 0") {
		t.Errorf("what is not covered is counted as %d failures: %v", a.Reader.Failed.Load(), warnings(a))
	}
	// A time that the server never writes.
	if _, err := a.Client.ExecContext(t.Context(), "UPDATE customers SET created_at = '0044-03-15 BC'"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := a.Query(apitest.Administrator, `{ customer(id: "`+id+`") { name createdAt } }`, nil); !strings.Contains(got.Body, `"one"`) {
			t.Errorf("the ordinary path answers %s", got.Body)
		}
	}
	if a.Reader.Failed.Load() != 2 || !metric("cloudapi_fast_read_failures_total 2") {
		t.Errorf("%d failures are counted, want 2", a.Reader.Failed.Load())
	}
	if log := strings.Join(warnings(a), "\n"); !strings.Contains(log, "field=customer") || !strings.Contains(log, "BC") {
		t.Errorf("the log has no cause: %s", log)
	}
}
