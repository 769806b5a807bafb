package transfer_test

import (
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
	"cloudapi/server/api/apitest"
)

// BenchmarkLoad loads customers with 6 units each. For a profile: go test ./internal/transfer -bench Load -benchtime 20000x
// -cpuprofile FILE. make bench rows=import measures the command.
func BenchmarkLoad(b *testing.B) {
	for name, url := range map[string]func(*testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite://" + b.TempDir() + "/test.db" },
		"postgres": func(b *testing.B) string { return pgtest.URL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			a := apitest.OpenOn(b, store.Options{URL: url(b), WriterCache: 64 << 20})
			source := lines(customersOnly(b.N))
			b.ResetTimer()
			counts, entries := load(b, a, source)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "customers/s")
			if !counts.Clean() {
				b.Fatal(entries[0])
			}
		})
	}
}
