package observe

import (
	"cmp"
	"net/http"
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cloudapi/internal/fault"
)

// Metrics has the server's metrics in its own registry. All label values come from fixed lists, so that clients cannot
// create series.
type Metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	inFlight   prometheus.Gauge
	costs      *prometheus.HistogramVec
	faults     *prometheus.CounterVec
	refused    *prometheus.CounterVec
	signIns    *prometheus.CounterVec
	keys       *prometheus.CounterVec
	jobs       *prometheus.CounterVec
	statements *prometheus.HistogramVec
	sqlErrors  *prometheus.CounterVec
	portal     *prometheus.HistogramVec
	shared     *prometheus.HistogramVec
	alone      prometheus.Counter
	sent       *prometheus.CounterVec
	executed   *prometheus.CounterVec
	cut        *prometheus.CounterVec
}

// NewMetrics returns the metrics of a program version.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = m.counter("requests_total", "Requests, by face (rest, xmlrpc, graphql, playground, other), operation (a method of the old API, a root field of GraphQL, several, or other) and class of the status.", "face", "operation", "status")
	m.durations = m.histogram("request_duration_seconds", "How long requests took, by face and operation.", seconds(), "face", "operation")
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{Name: "cloudapi_requests_in_flight", Help: "Requests that are being answered."})
	m.costs = m.histogram("request_cost_objects", "What requests cost, in objects that were read, by face.", []float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6}, "face")
	m.faults = m.counter("faults_total", "Errors in answers to clients, by operation (as in cloudapi_requests_total) and code; a code counts once for an answer.", "operation", "code")
	m.refused = m.counter("refused_total", "Requests refused by a limit, by its name: rate, cost, body, those of a document, and sign_in.", "limit")
	m.signIns = m.counter("sign_ins_total", "Credentials that were verified anew, by method (basic, token, oidc) and outcome (ok, wrong, refused).", "method", "outcome")
	m.keys = m.counter("idempotency_keys_total", "Changes with an Idempotency-Key, by outcome: first, repeated (the kept answer was given), reused (for another request), failed.", "outcome")
	m.jobs = m.counter("jobs_total", "Jobs that ended, by action and status.", "action", "status")
	m.statements = m.histogram("sql_statement_duration_seconds", "How long SQL statements took, until their last row was read, by verb.", seconds(), "verb")
	m.sqlErrors = m.counter("sql_statement_errors_total", "SQL statements that failed, by verb.", "verb")
	m.portal = m.histogram("portal_request_duration_seconds", "How long single requests to the portal took, by the class of their status, or error for none.", seconds(), "status")
	m.shared = m.histogram("shared_requests", "How many requests were executed together, by what they shared: commit, or read for a statement.", []float64{1, 2, 4, 8, 16, 32, 64}, "what")
	m.sent = m.counter("subscription_answers_total", "Answers that subscribers were given, by root field.", "root")
	m.executed = m.counter("subscription_executions_total", "Executions of subscriptions, by root field; subscribers of the same operation and rights share one.", "root")
	m.cut = m.counter("streams_cut_total", "Streams and subscriptions that the server ended and the client did not: slow (the client reads too slowly), silent (it gives no sign of life), restored (the database has gone back in its history), limited (its user's rate is spent), revoked (its user may no longer have it).", "reason")
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cloudapi_build_info", Help: "The version of the server; the value is 1.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	info.Set(1)
	m.registry.MustRegister(m.inFlight, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.begin()
	return m
}

// begin creates the series of fixed lists, so that a rate starts at zero.
func (m *Metrics) begin() {
	m.Operations("other", "several")
	for _, reason := range []string{CutSlow, CutSilent, CutRestored, CutLimited, CutRevoked} {
		m.cut.WithLabelValues(reason)
	}
	for _, limit := range []string{"rate", "cost", "body", "depth", "tokens", "sign_in"} {
		m.refused.WithLabelValues(limit)
	}
	for _, outcome := range []string{"ok", "wrong", "refused"} {
		m.signIns.WithLabelValues("basic", outcome)
	}
	for _, outcome := range []string{"first", "repeated", "reused", "failed"} {
		m.keys.WithLabelValues(outcome)
	}
	for _, verb := range []string{"select", "insert", "update", "delete", "commit", "other"} {
		m.statements.WithLabelValues(verb)
		m.sqlErrors.WithLabelValues(verb)
	}
	m.shared.WithLabelValues("commit")
	m.alone = m.counter("ordinary_commits_total", "Changes that were made by themselves, statement by statement, because they failed in company or waited for a row.").WithLabelValues()
	for _, status := range []string{"2xx", "5xx", "error"} {
		m.portal.WithLabelValues(status)
	}
}

// Operations creates the series of operations' faults: an alert must see the first fault as an increase from zero.
func (m *Metrics) Operations(names ...string) {
	for _, name := range names {
		for _, code := range []fault.Code{fault.Unavailable, fault.Timeout, fault.Internal} {
			m.faults.WithLabelValues(name, string(code))
		}
	}
}

// seconds returns the bucket bounds of duration histograms.
func seconds() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cloudapi_" + name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "cloudapi_" + name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(v)
	return v
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Gatherer returns the registry, for tests.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Fault counts an error in an answer by operation ("" if unknown) and code.
func (m *Metrics) Fault(operation, code string) {
	m.faults.WithLabelValues(cmp.Or(operation, "other"), code).Inc()
}

// Refused counts a request that a limit rejected.
func (m *Metrics) Refused(limit string) { m.refused.WithLabelValues(limit).Inc() }

// SignIn counts verified credentials (not cached ones): method is basic, token or oidc, outcome is ok, wrong or refused.
func (m *Metrics) SignIn(method, outcome string) { m.signIns.WithLabelValues(method, outcome).Inc() }

// Shared returns a function that counts how many requests were executed together.
func (m *Metrics) Shared(what string) func(members int) {
	return func(members int) { m.shared.WithLabelValues(what).Observe(float64(members)) }
}

// Alone counts a change that could not share a commit.
func (m *Metrics) Alone() { m.alone.Inc() }

// Key counts a use of an idempotency key: first, repeated, reused or failed.
func (m *Metrics) Key(outcome string) { m.keys.WithLabelValues(outcome).Inc() }

// Job counts a finished job.
func (m *Metrics) Job(action, status string) { m.jobs.WithLabelValues(action, status).Inc() }

// class returns the class of a status: 2xx, 4xx.
func class(status int) string { return strconv.Itoa(status/100) + "xx" }
