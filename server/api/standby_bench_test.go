package api_test

import (
	"context"
	"fmt"
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/model"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// BenchmarkStandby reads a customer by guid from many clients: from the primary, from a standby, and from a standby during
// continuous writes. In addition to the time it reports the queries of each server and the LSN queries, per read.
func BenchmarkStandby(b *testing.B) {
	primary := pgtest.Start(b, pgtest.Options{})
	standby := primary.Standby(b, "one")
	for _, c := range []struct {
		name            string
		standby, writes bool
	}{{"primary", false, false}, {"standby", true, false}, {"standby under writes", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			on := store.Options{URL: primary.Database(b)}
			if c.standby {
				on.ReadURL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d%s", standby.Port(), on.URL[len("postgres://postgres@127.0.0.1:"):][len(fmt.Sprint(primary.Port())):])
			}
			a := apitest.OpenOn(b, on)
			apitest.People(b, a)
			id := a.Customer(b, "c")
			if c.writes {
				ctx, stop := context.WithCancel(viewer.SystemContext(b.Context()))
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for ctx.Err() == nil {
						_, _ = a.Customers.Create(ctx, model.CreateCustomerInput{Name: "another"})
					}
				}()
				defer func() { stop(); <-ended }()
			}
			before := a.Store.Stats()
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { name } }`, map[string]any{"id": id})
				}
			})
			b.StopTimer()
			after := a.Store.Stats()
			b.ReportMetric(float64(after.Standby-before.Standby)/float64(b.N), "standby/op")
			b.ReportMetric(float64(after.Primary-before.Primary)/float64(b.N), "primary/op")
			b.ReportMetric(float64(after.LSNQueries-before.LSNQueries)/float64(b.N), "questions/op")
		})
	}
}
