package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/proto/otlp/trace/v1"

	"cloudapi/internal/dev/pgtest"
)

const (
	callersTrace  = "0af7651916cd43dd8448eb211c80319c"
	callersParent = "00-" + callersTrace + "-b7ad6b7169203331-01"
	portalSecret  = "portal-secret-7f3a"
	valueOfNobody = "Value-In-No-Span"
)

// portalServer accepts every request, and keeps its traceparent.
func portalServer(t *testing.T) (url string, parent func() string) {
	var mu sync.Mutex
	var seen string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = r.Header.Get("Traceparent")
	}))
	t.Cleanup(server.Close)
	return server.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// TestTracesAndLogs: a collector gets the spans of a request, its statements and its call to the portal in the caller's
// trace, and the log lines of the request with its id. It gets no secret and no value.
func TestTracesAndLogs(t *testing.T) {
	for name, database := range map[string]string{"sqlite": "sqlite://" + t.TempDir() + "/test.db", "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			c := collect(t)
			portal, portalSaw := portalServer(t)
			s := start(t, "--database-url", database, "--otlp-endpoint", c.URL, "--portal-url", portal)
			id := traffic(t, s)
			if status := s.stop(); status != 0 {
				t.Fatalf("the server ends with %d: %s", status, s.logs)
			}
			register := c.span(t, "rest cloud_api_customer.registerDomain")
			if got := hex.EncodeToString(register.TraceId); got != callersTrace {
				t.Errorf("the request is in trace %s, not in its caller's", got)
			}
			c.children(t, register, "INSERT", "portal")
			if !strings.HasPrefix(portalSaw(), "00-"+callersTrace+"-") {
				t.Errorf("the portal was told traceparent %q", portalSaw())
			}
			c.children(t, c.span(t, "graphql customer"), "SELECT")
			if c.service != "cloudapi" {
				t.Errorf("the service is called %q", c.service)
			}
			c.logged(t)
			for _, secret := range []string{portalSecret, testPassword, valueOfNobody, id, "given-by-the-caller.example"} {
				if bytes.Contains(c.raw, []byte(secret)) {
					t.Errorf("%q was sent to the collector", secret)
				}
			}
		})
	}
}

// traffic creates a customer, registers a domain by an old URL and reads both. It returns the customer's guid.
func traffic(t *testing.T, s *running) string {
	t.Helper()
	made := s.query(t, `mutation { createCustomer(input: { name: "`+valueOfNobody+`" }) { customer { id } } }`)
	var answer struct {
		Data struct {
			CreateCustomer struct{ Customer struct{ ID string } }
		}
	}
	if err := json.Unmarshal([]byte(made), &answer); err != nil {
		t.Fatal(err)
	}
	id := answer.Data.CreateCustomer.Customer.ID
	registered := s.ask(t, http.MethodGet, "/appserver/rest/cloud_api_customer/registerDomain?customerguid="+id+
		"&username=me&password="+portalSecret+"&domain=given-by-the-caller.example", "",
		"Traceparent", callersParent, "X-Request-Id", "the-request-of-the-test")
	if !strings.Contains(registered, `"result":true`) {
		t.Fatalf("registerDomain: %s", registered)
	}
	s.query(t, `{ customer(id: "`+id+`") { name domains { nodes { name } } } }`)
	return id
}

func (c *collector) span(t *testing.T, name string) *v1.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Name == name {
			return s
		}
	}
	var names []string
	for _, s := range c.spans {
		names = append(names, s.Name)
	}
	t.Fatalf("there is no span %q among %q", name, names)
	return nil
}

// children checks that a span has children with those names, and that statements have their text.
func (c *collector) children(t *testing.T, parent *v1.Span, names ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		found := false
		for _, s := range c.spans {
			if s.Name == name && bytes.Equal(s.ParentSpanId, parent.SpanId) && bytes.Equal(s.TraceId, parent.TraceId) {
				found = true
				if text := attribute(s.Attributes, "db.query.text"); name != "portal" && text == "" {
					t.Errorf("the span of a statement has no text: %v", s.Attributes)
				}
			}
		}
		if !found {
			t.Errorf("%q has no child %q", parent.Name, name)
		}
	}
}

// logged checks that the request's log line has its id and trace.
func (c *collector) logged(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.records {
		if attribute(r.Attributes, "request") == "the-request-of-the-test" {
			if hex.EncodeToString(r.TraceId) != callersTrace || r.Body.GetStringValue() != "request" {
				t.Errorf("the request's log line is %v", r)
			}
			return
		}
	}
	t.Error("the collector did not get the request's log line")
}

// TestSampling: with a sample rate of 0, only requests with a sampled traceparent are traced.
func TestSampling(t *testing.T) {
	c := collect(t)
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db", "--otlp-endpoint", c.URL, "--trace-sample", "0")
	s.query(t, `{ customers { totalCount } }`)
	s.query(t, `{ jobs { totalCount } }`, "Traceparent", callersParent)
	s.ask(t, http.MethodGet, "/healthz", "", "Traceparent", callersParent)
	s.stop()
	c.span(t, "graphql jobs")
	for _, span := range c.spans {
		if span.Name == "graphql customers" || strings.HasSuffix(span.Name, "other") {
			t.Errorf("%s was traced, which was not in the sample", span.Name)
		}
	}
}

// TestWithoutCollector: without a flag there are no traces; an unavailable collector does not affect clients; an invalid URL
// is rejected.
func TestWithoutCollector(t *testing.T) {
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db", "--log-format", "json")
	s.query(t, `{ customers { totalCount } }`, "Traceparent", callersParent)
	if status := s.stop(); status != 0 || strings.Contains(s.logs.String(), "trace_id") {
		t.Errorf("without a collector: status %d, %s", status, s.logs)
	}
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	s = start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db", "--otlp-endpoint", away.URL)
	s.query(t, `{ customers { totalCount } }`)
	if status := s.stop(); status != 0 || !strings.Contains(s.logs.String(), "could not be sent") {
		t.Errorf("with a collector that is away: status %d, %s", status, s.logs)
	}
	var errs bytes.Buffer
	for _, wrong := range [][]string{{"--otlp-endpoint", "collector:4318"}, {"--otlp-endpoint", away.URL, "--trace-sample", "2"}} {
		args := append([]string{"serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite://" + t.TempDir() + "/test.db"}, wrong...)
		if status := run(t.Context(), args, strings.NewReader(""), &errs, &errs); status != 1 {
			t.Errorf("%v: status %d, %s", wrong, status, errs.String())
		}
	}
}
