package main

import (
	"net/http"
	"sync/atomic"
	"time"
)

// drain is the last phase of a server: it still serves, reports that it is not ready, and closes each connection after its
// next answer. Closing connections at once would lose requests in transit.
type drain struct {
	next     http.Handler
	stopping atomic.Bool
}

// run drains for d, or until serving fails.
func (h *drain) run(d time.Duration, failed <-chan error) error {
	h.stopping.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(d):
		return nil
	}
}

// ServeHTTP answers as before, except for readiness.
func (h *drain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.stopping.Load() {
		w.Header().Set("Connection", "close")
		if r.URL.Path == "/readyz" {
			http.Error(w, "the server is stopping", http.StatusServiceUnavailable)
			return
		}
	}
	h.next.ServeHTTP(w, r)
}
