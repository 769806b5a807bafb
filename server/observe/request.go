// Package observe has request ids, the access log, metrics and trace spans.
package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// Requests gives each request an id, counts it and logs it. The log has the path without the query string, because old URLs
// have passwords there. address returns the client address. Health probes are logged at DEBUG.
func Requests(log *slog.Logger, m *Metrics, t *Tracer, address func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		info := &Info{ID: requestID(r.Header.Get("X-Request-Id")), metrics: m}
		w.Header().Set("X-Request-Id", info.ID)
		rec := &recorder{ResponseWriter: w, status: http.StatusOK, info: info}
		ctx, span := t.request(r, info.ID)
		ctx = context.WithValue(ctx, infoKey{}, info)
		m.inFlight.Inc()
		// An answer that is broken off panics; it is counted too.
		defer func() {
			took := time.Since(started)
			info.mu.Lock()
			defer info.mu.Unlock()
			m.inFlight.Dec()
			m.request(apiOf(r.URL.Path), rec.status, info, took)
			ended(span, apiOf(r.URL.Path), rec.status, info)
			log.LogAttrs(ctx, level(r.URL.Path, info), "request", line(r, rec, info, address(r), took)...)
		}()
		next.ServeHTTP(rec, r.WithContext(ctx))
	})
}

// level returns the log level for a request.
func level(path string, info *Info) slog.Level {
	switch {
	case info.Aborted != "":
		return slog.LevelWarn
	case path == "/healthz", path == "/readyz", path == "/metrics":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// line returns the log attributes of a request. The slog handlers quote clients' text, so clients cannot forge a line.
func line(r *http.Request, rec *recorder, info *Info, address string, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", rec.status),
		slog.String("address", address), slog.String("user", info.User), slog.String("operation", info.Operation),
		slog.String("code", info.Code), slog.String("took", fmt.Sprintf("%.3fms", float64(took)/float64(time.Millisecond))),
		slog.Int64("bytes", rec.bytes), slog.Int("cost", info.Cost),
	}
	if info.Aborted != "" {
		attrs = append(attrs, slog.String("aborted", info.Aborted))
	}
	return attrs
}

func (m *Metrics) request(face string, status int, info *Info, took time.Duration) {
	operation := cmp.Or(info.Root, "other")
	m.requests.WithLabelValues(face, operation, class(status)).Inc()
	m.durations.WithLabelValues(face, operation).Observe(took.Seconds())
	if info.Cost > 0 {
		m.costs.WithLabelValues(face).Observe(float64(info.Cost))
	}
}

// requestID returns the client's id if it is short and plain, otherwise a new one.
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

// recorder records the status and the size of an answer, and whether sending failed.
type recorder struct {
	http.ResponseWriter
	info   *Info
	status int
	bytes  int64
	wrote  bool
}

// Write counts bytes.
func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		r.info.abort("the client is gone, or reads too slowly")
	}
	return n, err
}

// WriteHeader records the status.
func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is used by http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
