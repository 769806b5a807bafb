// Package observe is what a person on call sees of the server: request ids, the
// access log and metrics.
package observe

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
)

type infoKey struct{}

// Info is what becomes known of a request while it is served.
type Info struct {
	ID        string
	User      string
	Operation string
	Cost      int // of all operations of the request, in objects
}

// RequestID returns the id of the request being served, "" outside of one.
func RequestID(ctx context.Context) string {
	if info := From(ctx); info != nil {
		return info.ID
	}
	return ""
}

// From returns what is known of the request being served, nil outside of one.
func From(ctx context.Context) *Info {
	info, _ := ctx.Value(infoKey{}).(*Info)
	return info
}

// Note keeps the user and the operation of the request for its log line.
func Note(ctx context.Context, user, operation string) {
	if info := From(ctx); info != nil {
		if user != "" {
			info.User = user
		}
		if operation != "" {
			info.Operation = operation
		}
	}
}

// NoteCost adds the cost of an operation to that of the request.
func NoteCost(ctx context.Context, cost int) {
	if info := From(ctx); info != nil {
		info.Cost += cost
	}
}

// Requests gives each request an id, counts it and logs it. The log has the
// path, never the query string: old URLs carry passwords there.
func Requests(log *slog.Logger, m *Metrics, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		info := &Info{ID: requestID(r.Header.Get("X-Request-Id"))}
		w.Header().Set("X-Request-Id", info.ID)
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), infoKey{}, info)))
		took := time.Since(started)
		m.request(r, rec.status, info.Operation, took)
		log.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.Int("status", rec.status), slog.Duration("took", took),
			slog.String("user", info.User), slog.String("operation", info.Operation),
			slog.Int("cost", info.Cost), slog.String("request", info.ID))
	})
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
