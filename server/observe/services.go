package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"cloudapi/internal/service"
)

// Services adds the state of each background service. Call it after all services were added.
func (m *Metrics) Services(s *service.Supervisor) {
	for i, one := range s.Status() {
		labels := prometheus.Labels{"service": one.Name}
		m.registry.MustRegister(
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "cloudapi_service_failed", Help: "1 while a background service has failed and waits to be started again, else 0.",
				ConstLabels: labels,
			}, func() float64 {
				if s.Status()[i].State == service.StateFailed {
					return 1
				}
				return 0
			}),
			prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "cloudapi_service_failures_total", Help: "Errors and panics of a background service, after each of which it is started again.",
				ConstLabels: labels,
			}, func() float64 { return float64(s.Status()[i].Failures) }))
	}
}
