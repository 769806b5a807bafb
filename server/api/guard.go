package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/graphqlhttp"
	"cloudapi/server/observe"
)

// MaxBody is the default maximum size of a request body, in bytes.
const MaxBody = 1 << 20

// guard limits the size and the time of a request, recovers panics, and sets the headers of every answer.
func guard(log *slog.Logger, limit time.Duration, maxBody int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if value := recover(); value != nil {
				service.LogPanic(r.Context(), log, value)
				refuse(w, r, fault.New(fault.Internal, fault.InternalMessage+" (request %s)", observe.RequestID(r.Context())))
			}
		}()
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if r.URL.Path == "/graphql" && graphqlhttp.MayStream(r) {
			// The handler limits requests that are not streams.
			next.ServeHTTP(w, r)
			return
		}
		late := fault.New(fault.Timeout, "The request took longer than %v and was given up", limit)
		ctx, cancel := context.WithTimeoutCause(r.Context(), limit, late)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// withViewer sets the viewer in the context. Requests without credentials pass, because the operation may need none. Wrong
// credentials are rejected, except an expired or wrong bearer token, which must not prevent a new sign-in: the engine
// rejects every other operation with it.
func withViewer(authenticate authenticateFunc, next http.Handler) http.Handler {
	return requireValid(authenticate, next, func(w http.ResponseWriter, r *http.Request, err error) {
		if auth.HasBearer(r) && fault.Is(err, fault.Unauthenticated) && !graphqlhttp.MayStream(r) {
			w.Header().Del("WWW-Authenticate")
			next.ServeHTTP(w, r.WithContext(engine.WithInvalidToken(r.Context())))
			return
		}
		refuse(w, r, err)
	})
}

func requireValid(authenticate authenticateFunc, next http.Handler, onError func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := authenticate(r)
		if err != nil {
			auth.ChallengeBearer(r, w.Header())
			onError(w, r, err)
			return
		}
		if v != nil {
			observe.Note(r.Context(), v.Login, "")
			r = r.WithContext(viewer.NewContext(r.Context(), v))
		}
		next.ServeHTTP(w, r)
	})
}

// challenge sets the challenge for the kind of credentials in the request.
func challenge(r *http.Request, h http.Header) {
	auth.ChallengeBearer(r, h)
	auth.Challenge(h)
}

// withOptionalViewer sets the viewer in the context if the request has valid credentials. The handler decides what other requests
// get.
func withOptionalViewer(authenticate authenticateFunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := authenticate(r)
		if err != nil && !fault.Is(err, fault.Unauthenticated) {
			refuse(w, r, err)
			return
		}
		if v != nil {
			observe.Note(r.Context(), v.Login, "")
			r = r.WithContext(viewer.NewContext(r.Context(), v))
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin rejects each POST from a page of another site, and each WebSocket that such a page opens. Any other GET changes
// nothing at /graphql, and CORS hides its answer from that page.
func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		if !reads || r.Header.Get("Upgrade") != "" {
			if err := csrf.OtherSite(r.Context(), true); err != nil {
				refuse(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

const (
	// allowedHeaders are the request headers that scripts of other origins may send: those that the API reads, those for
	// tracing (W3C Trace Context and Baggage), and those with which Apollo Client identifies itself and its operations.
	allowedHeaders = "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, " +
		"traceparent, tracestate, baggage, apollographql-client-name, apollographql-client-version, x-apollo-operation-name"
	// exposedHeaders are the response headers that such scripts may read.
	exposedHeaders = "Allow, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, WWW-Authenticate, X-Request-Id"
)

// cors allows scripts of the configured origins to read answers. The default is none.
func cors(allowed []string, next http.Handler) http.Handler {
	if len(allowed) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(allowed, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", exposedHeaders)
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", "GET, POST")
				h.Set("Access-Control-Allow-Headers", allowedHeaders)
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
