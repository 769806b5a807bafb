package observe

import (
	"context"
	"database/sql"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"cloudapi/internal/store"
)

// Queue describes the unfinished jobs.
type Queue struct {
	Waiting, Running int
	// Oldest is the creation time of the oldest unfinished job, zero if there is none.
	Oldest time.Time
}

// Limits of the query for unfinished jobs: /metrics needs no credentials, so scraping it must not load the database.
const (
	askEvery = 5 * time.Second
	askLimit = 2 * time.Second
)

// Database adds metrics of the database: its pools and, while it answers, the unfinished jobs.
func (m *Metrics) Database(s *store.Store, queue func(context.Context) (Queue, error)) {
	m.registry.MustRegister(&database{store: s, ask: queue})
}

// Statements counts and traces SQL statements.
func Statements(m *Metrics, t *Tracer) store.Watcher {
	return func(ctx context.Context, query string) func(error) {
		return m.statement(query, t.statement(ctx, query))
	}
}

func (m *Metrics) statement(query string, span trace.Span) func(error) {
	verb, started := store.Verb(query), time.Now()
	return func(err error) {
		finish(span, err != nil)
		m.statements.WithLabelValues(verb).Observe(time.Since(started).Seconds())
		if err != nil {
			m.sqlErrors.WithLabelValues(verb).Inc()
		}
	}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cloudapi_"+name, help, labels, nil)
}

// database is a collector that reads the figures at each scrape.
type database struct {
	store *store.Store
	ask   func(context.Context) (Queue, error)

	mu    sync.Mutex
	asked time.Time
	last  Queue
	err   error
}

// Describe sends nothing: the metrics depend on the database.
func (d *database) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (d *database) Collect(out chan<- prometheus.Metric) {
	put := func(kind prometheus.ValueType, desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	stats := d.store.Stats()
	put(prometheus.CounterValue, describe("sql_statements_total", "SQL statements sent to the database, without BEGIN, COMMIT and ROLLBACK."), float64(stats.Statements))
	pools := map[string]sql.DBStats{"writer": stats.Writer}
	if d.store.Dialect() == "sqlite3" {
		pools["reader"] = stats.Reader
	}
	if len(stats.Standbys) > 0 {
		reads := describe("standby_reads_total", "Queries that a standby was allowed to answer, by who did: standby, or primary.", "by")
		put(prometheus.CounterValue, reads, float64(stats.Standby), "standby")
		put(prometheus.CounterValue, reads, float64(stats.Primary), "primary")
		put(prometheus.CounterValue, describe("standby_questions_total", "Times that the primary was asked how far it has come, for reads on standbys."), float64(stats.LSNQueries))
	}
	for i, standby := range stats.Standbys {
		name := "standby" + strconv.Itoa(i+1)
		pools[name] = standby.Pool
		put(prometheus.CounterValue, describe("standby_queries_total", "Queries that a standby was given, by its place in the URL.", "standby"), float64(standby.Queries), name)
		put(prometheus.CounterValue, describe("standby_declined_total", "Operations that a standby could not serve since it was behind or away.", "standby"), float64(standby.Refused), name)
	}
	for name, pool := range pools {
		open := describe("database_connections", "Open connections, by pool and state (in_use, idle).", "pool", "state")
		put(prometheus.GaugeValue, open, float64(pool.InUse), name, "in_use")
		put(prometheus.GaugeValue, open, float64(pool.Idle), name, "idle")
		put(prometheus.GaugeValue, describe("database_connections_limit", "Connections that a pool may open.", "pool"), float64(pool.MaxOpenConnections), name)
		put(prometheus.CounterValue, describe("database_waits_total", "Times that a connection had to be waited for, by pool.", "pool"), float64(pool.WaitCount), name)
		put(prometheus.CounterValue, describe("database_wait_seconds_total", "How long connections were waited for, by pool.", "pool"), pool.WaitDuration.Seconds(), name)
	}
	d.collectQueue(put)
}

func (d *database) collectQueue(put func(prometheus.ValueType, *prometheus.Desc, float64, ...string)) {
	queue, err := d.queue()
	up := 1.0
	if err != nil {
		up = 0
	}
	put(prometheus.GaugeValue, describe("database_up", "1 while the database answers, 0 while it does not."), up)
	if err != nil {
		return
	}
	unfinished := describe("jobs_unfinished", "Jobs that have not ended, by status, in the whole database.", "status")
	put(prometheus.GaugeValue, unfinished, float64(queue.Waiting), "WAITING")
	put(prometheus.GaugeValue, unfinished, float64(queue.Running), "RUNNING")
	age := 0.0
	if !queue.Oldest.IsZero() {
		age = max(0, time.Since(queue.Oldest).Seconds())
	}
	put(prometheus.GaugeValue, describe("jobs_oldest_unfinished_seconds", "How long ago the oldest job that has not ended was asked for."), age)
}

// queue queries the database, or returns its last answer while that is recent.
func (d *database) queue() (Queue, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.asked) < askEvery {
		return d.last, d.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	d.last, d.err = d.ask(ctx)
	d.asked = time.Now()
	return d.last, d.err
}
