package observe

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Streams adds the open streaming connections by transport, their subscriptions, and how long committed changes have been
// delayed.
func (m *Metrics) Streams(open func() (map[string]int, int), held func() time.Duration) {
	m.registry.MustRegister(&streams{open: open, held: held})
}

// Reasons why the server ends a stream.
const (
	CutSlow     = "slow"
	CutSilent   = "silent"
	CutRestored = "restored"
	CutLimited  = "limited"
	CutRevoked  = "revoked"
)

// StreamCut counts a stream that the server ended.
func (m *Metrics) StreamCut(reason string) { m.cut.WithLabelValues(reason).Inc() }

// Sent counts an answer that was sent to a subscriber.
func (m *Metrics) Sent(root string) { m.sent.WithLabelValues(root).Inc() }

// SubscriptionExecuted counts an execution of a subscription.
func (m *Metrics) SubscriptionExecuted(root string) { m.executed.WithLabelValues(root).Inc() }

// streams is a collector that reads the figures at each scrape.
type streams struct {
	open func() (map[string]int, int)
	held func() time.Duration
}

// Describe implements prometheus.Collector.
func (s *streams) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (s *streams) Collect(out chan<- prometheus.Metric) {
	put := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	connections, subscriptions := s.open()
	for transport, n := range connections {
		put(describe("streams_open", "Connections that stay open for subscriptions, by transport (websocket, sse).", "transport"), float64(n), transport)
	}
	put(describe("subscriptions_active", "Subscriptions that are active."), float64(subscriptions))
	put(describe("events_held_seconds", "How long committed changes have been waiting for an older transaction to end, which subscribers wait for."), s.held().Seconds())
}
