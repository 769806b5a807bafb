package rest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"cloudapi/server/api/apitest"
)

// BenchmarkListCapacity measures a call that reads one customer, through the whole server.
func BenchmarkListCapacity(b *testing.B) {
	for name, url := range databases {
		b.Run(name, func(b *testing.B) { benchmarkListCapacity(b, apitest.New(b, url(b))) })
	}
}

func benchmarkListCapacity(b *testing.B, a *apitest.API) {
	guid := a.Customer(b, "one")
	for range 3 {
		a.Result(b, apitest.Administrator, "cloud_api_customer/addCapacityAvailable?amount=1&capacityunittype=CU&customerguid="+guid)
		a.Result(b, apitest.Administrator, "cloud_api_customer/addCapacityConsumed?amount=1&capacityunittype=CU&customerguid="+guid)
	}
	r := httptest.NewRequest(http.MethodGet, "/appserver/rest/cloud_api_customer/listCapacity?customerguid="+guid, nil)
	r.SetBasicAuth(apitest.Administrator, apitest.Password)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if a.Handler.ServeHTTP(w, r.Clone(b.Context())); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
