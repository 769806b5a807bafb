package observe

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestNoTracesCostNothing: a server without an exporter does no work for traces.
func TestNoTracesCostNothing(t *testing.T) {
	var none *Tracer
	r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	info := &Info{}
	allocated := testing.AllocsPerRun(100, func() {
		_, span := none.request(r, "id")
		finish(none.statement(context.Background(), "SELECT 1"), false)
		finish(none.portal(r), false)
		ended(span, "graphql", http.StatusOK, info)
	})
	if allocated != 0 {
		t.Errorf("%v allocations for a request without traces", allocated)
	}
}
