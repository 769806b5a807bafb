// Package observe is what a person on call sees of the server: request ids, the
// access log, metrics and the spans of traces.
package observe

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// Requests gives each request an id, counts it and logs it. The log has the
// path, never the query string: old URLs carry passwords there.
func Requests(log *slog.Logger, m *Metrics, t *Tracer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		info := &Info{ID: requestID(r.Header.Get("X-Request-Id")), metrics: m}
		w.Header().Set("X-Request-Id", info.ID)
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		ctx, span := t.request(r, info.ID)
		ctx = context.WithValue(ctx, infoKey{}, info)
		m.inFlight.Inc()
		// An answer that breaks off is a panic, and counts as well.
		defer func() {
			took := time.Since(started)
			m.inFlight.Dec()
			m.request(face(r.URL.Path), rec.status, info, took)
			ended(span, face(r.URL.Path), rec.status, info)
			log.LogAttrs(ctx, slog.LevelInfo, "request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Int("status", rec.status), slog.Duration("took", took),
				slog.String("user", info.User), slog.String("operation", info.Operation),
				slog.Int("cost", info.Cost))
		}()
		next.ServeHTTP(rec, r.WithContext(ctx))
	})
}

func (m *Metrics) request(face string, status int, info *Info, took time.Duration) {
	operation := cmp.Or(info.Root, "other")
	m.requests.WithLabelValues(face, operation, class(status)).Inc()
	m.durations.WithLabelValues(face, operation).Observe(took.Seconds())
	if info.Cost > 0 {
		m.costs.WithLabelValues(face).Observe(float64(info.Cost))
	}
}

// requestID takes the caller's id where it is short and plain, or makes one.
func requestID(given string) string {
	const longest = 64
	if given == "" || len(given) > longest {
		return uuid.NewString()
	}
	for _, c := range []byte(given) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.') {
			return uuid.NewString()
		}
	}
	return given
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

// WriteHeader keeps the status.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
