package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector receives OTLP over HTTP, like OpenTelemetry's own.
type collector struct {
	URL string

	mu      sync.Mutex
	raw     []byte // everything received, to check for secrets
	service string
	spans   []*trace.Span
	records []*logs.LogRecord
}

func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var got collectortrace.ExportTraceServiceRequest
		c.receive(t, w, r, &got, func() {
			for _, from := range got.ResourceSpans {
				c.service = attribute(from.Resource.Attributes, "service.name")
				for _, scope := range from.ScopeSpans {
					c.spans = append(c.spans, scope.Spans...)
				}
			}
		})
	})
	mux.HandleFunc("POST /v1/logs", func(w http.ResponseWriter, r *http.Request) {
		var got collectorlogs.ExportLogsServiceRequest
		c.receive(t, w, r, &got, func() {
			for _, from := range got.ResourceLogs {
				for _, scope := range from.ScopeLogs {
					c.records = append(c.records, scope.LogRecords...)
				}
			}
		})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *collector) receive(t *testing.T, w http.ResponseWriter, r *http.Request, got proto.Message, keep func()) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, got)
	}
	if err != nil {
		t.Errorf("%s: %v", r.URL.Path, err)
		http.Error(w, "malformed", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	keep()
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func attribute(attributes []*common.KeyValue, key string) string {
	for _, a := range attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}
