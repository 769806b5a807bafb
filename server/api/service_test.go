package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/event"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// panicking is a log that panics while it is armed: in the goroutines of the streams and of the workers, when they log a
// failure of the database.
type panicking struct {
	slog.Handler
	armed *atomic.Bool
}

// Handle implements slog.Handler.
func (p panicking) Handle(ctx context.Context, r slog.Record) error {
	if p.armed.Load() && (strings.Contains(r.Message, "changes cannot be read") || strings.Contains(r.Message, "looking for work")) {
		panic("the log panics")
	}
	return p.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (p panicking) WithAttrs(a []slog.Attr) slog.Handler {
	return panicking{p.Handler.WithAttrs(a), p.armed}
}

// WithGroup implements slog.Handler.
func (p panicking) WithGroup(name string) slog.Handler {
	return panicking{p.Handler.WithGroup(name), p.armed}
}

// TestServicesOutliveAPanic: the goroutines of the streams and of the workers panic while the database fails. The process
// continues, /metrics and /readyz report the failures, and afterwards the services work: an existing subscription continues,
// a new one starts, and a job runs.
func TestServicesOutliveAPanic(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + t.TempDir() + "/test.db", "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			armed := &atomic.Bool{}
			a := apitest.New(t, url, func(o *api.Options) { o.Log = slog.New(panicking{o.Log.Handler(), armed}) })
			address := listen(t, a)
			s := connect(t, address, apitest.Administrator)
			first := a.Customer(t, "first")
			s.subscribe("before", `subscription { customer(id: "`+first+`") { name } }`)
			s.expect("next", "first")

			armed.Store(true)
			alter(t, a, "ALTER TABLE jobs RENAME TO jobs_elsewhere")
			seen := map[string]bool{}
			eventually(t, "the services fail and say so", func() bool {
				for _, path := range []string{"/metrics", "/readyz"} {
					text := a.Do(httptest.NewRequest(http.MethodGet, path, nil), "").Body
					for _, one := range []string{"streams", "job-worker-1"} {
						failures := `cloudapi_service_failures_total{service="` + one + `"} `
						if strings.Contains(text, failures) && !strings.Contains(text, failures+"0\n") {
							seen[one] = true
						}
					}
					if strings.Contains(text, "the service job-worker-1 has failed and is started again") {
						seen["/readyz"] = true
					}
				}
				return len(seen) == 3
			})
			alter(t, a, "ALTER TABLE jobs_elsewhere RENAME TO jobs")
			armed.Store(false)

			a.Rename(t, first, "second")
			s.expect("next", "second")
			s.subscribe("after", `subscription { customer(id: "`+a.Customer(t, "third")+`") { name } }`)
			s.expect("next", "third")
			a.Query(apitest.Operator, registerDomain, map[string]any{"in": map[string]any{
				"customerId": first, "username": apitest.PortalAccount, "password": apitest.PortalSecret, "domain": "after.example",
				"execution": map[string]any{"params": map[string]any{"wait": false}},
			}})
			eventually(t, "the job is run", func() bool {
				return strings.Contains(a.Query(apitest.Operator, `{ domain(name: "after.example") { name } }`, nil).Body, "after.example")
			})
		})
	}
}

// alter changes the schema directly in the database.
func alter(t testing.TB, a *apitest.API, statement string) {
	t.Helper()
	if _, err := a.Store.Driver().(event.Database).ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not after %v", what, deadline)
		}
	}
}
