package main

import (
	"net/http"
	"sync/atomic"
	"time"
)

// drain is the last time of a server: it serves, says that it is not ready, and
// ends each connection with its next answer. To close connections at once would
// take the requests along that are on their way.
type drain struct {
	next     http.Handler
	stopping atomic.Bool
}

// last drains for d, or until serving has failed.
func (h *drain) last(d time.Duration, failed <-chan error) error {
	h.stopping.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(d):
		return nil
	}
}

// ServeHTTP answers as before, but for the readiness.
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
