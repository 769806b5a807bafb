package observe

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cloudapi/internal/store"
)

// Metrics are the server's numbers, in a registry of their own.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	faults    *prometheus.CounterVec
	jobs      *prometheus.CounterVec
	signIns   *prometheus.CounterVec
}

// NewMetrics returns metrics that read the database's own from stats.
func NewMetrics(stats func() store.Stats) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cloudapi_requests_total", Help: "Requests, by face and status.",
		}, []string{"face", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cloudapi_request_duration_seconds", Help: "How long requests took, by face and operation.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"face", "operation"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cloudapi_faults_total", Help: "Errors told to clients, by code.",
		}, []string{"code"}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cloudapi_jobs_total", Help: "Jobs that ended, by action and status.",
		}, []string{"action", "status"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cloudapi_sign_ins_total", Help: "Credentials that were verified anew, by method and outcome.",
		}, []string{"method", "outcome"}),
	}
	m.registry.MustRegister(m.requests, m.durations, m.faults, m.jobs, m.signIns,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cloudapi_sql_statements_total", Help: "SQL statements sent to the database.",
		}, func() float64 { return float64(stats().Statements) }),
	)
	return m
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Fault counts an error that a client is told.
func (m *Metrics) Fault(code string) { m.faults.WithLabelValues(code).Inc() }

// SignIn counts credentials that were verified anew: by basic, token or oidc,
// and ok, wrong or refused.
func (m *Metrics) SignIn(method, outcome string) { m.signIns.WithLabelValues(method, outcome).Inc() }

// Job counts a job that has ended.
func (m *Metrics) Job(action, status string) { m.jobs.WithLabelValues(action, status).Inc() }

func (m *Metrics) request(r *http.Request, status int, operation string, took time.Duration) {
	face := "other"
	switch {
	case strings.HasPrefix(r.URL.Path, "/appserver/rest/"):
		face = "rest"
	case r.URL.Path == "/graphql":
		face, operation = "graphql", "graphql"
	case strings.HasPrefix(r.URL.Path, "/playground"):
		face = "playground"
	}
	m.requests.WithLabelValues(face, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(face, operation).Observe(took.Seconds())
}
