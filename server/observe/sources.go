package observe

import (
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reads adds counters of root query fields: answered by the fast path, answered by the ordinary path, and the part of the
// latter for which the fast path failed.
func (m *Metrics) Reads(fast, ordinary, failed func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "cloudapi_fast_read_failures_total",
		Help: "Root fields that the fast path covers and failed to answer, so that the ordinary one did. The log has the causes.",
	}, func() float64 { return float64(failed()) }))
	for path, count := range map[string]func() int64{"fast": fast, "ordinary": ordinary} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cloudapi_reads_total", Help: "Root fields, by the path that answered them: fast, or ordinary where the fast one declined.",
			ConstLabels: prometheus.Labels{"path": path},
		}, func() float64 { return float64(count()) }))
	}
}

// Circuit adds the state of the portal's circuit breaker; names are the possible states.
func (m *Metrics) Circuit(state func() string, names []string) {
	for _, name := range slices.Clone(names) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "cloudapi_portal_circuit_state", Help: "1 for the state that the circuit to the portal is in: closed while the portal answers, open while it is not asked.",
			ConstLabels: prometheus.Labels{"state": name},
		}, func() float64 {
			if state() == name {
				return 1
			}
			return 0
		}))
	}
}

// Portal counts and traces HTTP requests to the portal.
func Portal(m *Metrics, t *Tracer) func(*http.Request) func(status int) {
	return func(r *http.Request) func(int) {
		started, span := time.Now(), t.portal(r)
		return func(status int) {
			outcome := "error"
			if status > 0 {
				outcome = class(status)
			}
			m.portal.WithLabelValues(outcome).Observe(time.Since(started).Seconds())
			finish(span, status == 0 || status >= http.StatusInternalServerError)
		}
	}
}
