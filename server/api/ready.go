package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"cloudapi/ent/migrate"
	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// retryStart is the Retry-After value of a server that is starting.
const retryStart = 2 * time.Second

// authenticateFunc returns the viewer of a request, nil for none.
type authenticateFunc func(*http.Request) (*viewer.Viewer, error)

// whenReady rejects requests to a server that is not ready. Each API authenticates first, and sends a failure in its own
// form.
func whenReady(notReady func() string, next authenticateFunc) authenticateFunc {
	return func(r *http.Request) (*viewer.Viewer, error) {
		if reason := notReady(); reason != "" {
			return nil, fault.New(fault.Unavailable, "The server is not ready: %s", reason).After(retryStart)
		}
		return next(r)
	}
}

// ready answers 200 if the database answers and is migrated. Otherwise it answers with the reason.
func ready(s *store.Store, notReady func() string, background *service.Supervisor) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reason := notReady(); reason != "" {
			http.Error(w, reason, http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := s.Ping(ctx); err != nil {
			http.Error(w, "the database is not available", http.StatusServiceUnavailable)
			return
		}
		if pending, err := store.Pending(ctx, s, migrate.Files); err != nil || len(pending) > 0 {
			http.Error(w, "the database is not migrated", http.StatusServiceUnavailable)
			return
		}
		if err := background.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
		for _, one := range background.Status() {
			if one.State == service.StateFailed {
				_, _ = fmt.Fprintf(w, "but the service %s has failed and is started again\n", one.Name)
			}
		}
	})
}
