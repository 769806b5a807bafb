package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/graphqlhttp"
	"cloudapi/server/observe"
)

// MaxBody is the largest body of a request where no other is set, in bytes.
const MaxBody = 1 << 20

// guard bounds what a request may send and how long it may take, survives a
// panic, and sets the headers that every answer has.
func guard(log *slog.Logger, limit time.Duration, maxBody int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if value := recover(); value != nil {
				if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(value)
				}
				log.ErrorContext(r.Context(), "panic", "value", value, "stack", string(debug.Stack()))
				refuse(w, r, fault.New(fault.Internal, "Internal server error (request %s)", observe.RequestID(r.Context())))
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
		if r.URL.Path == "/graphql" && graphqlhttp.Stream(r) {
			// The handler limits what is no stream.
			next.ServeHTTP(w, r)
			return
		}
		late := fault.New(fault.Timeout, "The request took longer than %v and was given up", limit)
		ctx, cancel := context.WithTimeoutCause(r.Context(), limit, late)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// signedIn puts the viewer into the context. Requests without credentials pass,
// because the operation may need none. Wrong credentials are refused, except an
// expired or wrong bearer token, which must not prevent a new sign-in: the engine
// refuses every other operation with it.
func signedIn(who authenticate, next http.Handler) http.Handler {
	return authenticated(who, next, func(w http.ResponseWriter, r *http.Request, err error) {
		if auth.HasBearer(r) && fault.Is(err, fault.Unauthenticated) && !graphqlhttp.Stream(r) {
			w.Header().Del("WWW-Authenticate")
			next.ServeHTTP(w, r.WithContext(engine.WithWrongToken(r.Context())))
			return
		}
		refuse(w, r, err)
	})
}

func authenticated(who authenticate, next http.Handler, wrong func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := who(r)
		if err != nil {
			auth.ChallengeBearer(r, w.Header())
			wrong(w, r, err)
			return
		}
		if v != nil {
			observe.Note(r.Context(), v.Login, "")
			r = r.WithContext(viewer.NewContext(r.Context(), v))
		}
		next.ServeHTTP(w, r)
	})
}

// challenge asks for credentials of the kind that the request came with.
func challenge(r *http.Request, h http.Header) {
	auth.ChallengeBearer(r, h)
	auth.Challenge(h)
}

// recognized puts the viewer into the context if the request has valid
// credentials. The handler decides what requests without them get.
func recognized(who authenticate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := who(r)
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

// sameOrigin refuses each POST that a page of another site sent, and each
// WebSocket that one opens. Any other GET changes nothing at /graphql, and the
// answer to it is kept from that page by CORS.
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
	// allowedHeaders are those that the scripts of allowed origins may send: what
	// the API reads, tracing (W3C Trace Context and Baggage), and what Apollo Client
	// names itself and its operations by.
	allowedHeaders = "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, " +
		"traceparent, tracestate, baggage, apollographql-client-name, apollographql-client-version, x-apollo-operation-name"
	// exposedHeaders are those of answers that such scripts may read.
	exposedHeaders = "Allow, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, WWW-Authenticate, X-Request-Id"
)

// cors lets the scripts of allowed origins read answers. None is allowed unless
// it is configured.
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
