package portal_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/portal"
	"cloudapi/internal/secret"
)

func request() portal.Request {
	return portal.Request{
		Account: portal.Account{Username: "user", Password: secret.New("hidden words")},
		Domain:  "a.example", CustomerID: uuid.New(), JobID: uuid.New(),
	}
}

// register registers a domain before a transaction.
func register(ctx context.Context, p portal.Portal) error {
	return job.Before(ctx, func(ctx context.Context, b job.BeforeTx) error { return p.Register(ctx, b, request()) })
}

// serve returns a portal that the handler answer implements.
func serve(t *testing.T, answer http.HandlerFunc) *portal.HTTP {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	p, err := portal.NewHTTP(server.URL + "/api")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStatusesAreDifferentFaults(t *testing.T) {
	for status, want := range map[int]fault.Code{
		200: "", 204: "", 401: fault.Invalid, 403: fault.Invalid, 404: fault.Invalid,
		409: fault.Conflict, 418: fault.Invalid, 302: fault.Unavailable,
	} {
		p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			w.WriteHeader(status)
		})
		err := register(t.Context(), p)
		if want == "" && err != nil || want != "" && !fault.Is(err, want) {
			t.Errorf("%d: %v, want %q", status, err, want)
		}
	}
}

func TestRequestNamesEverything(t *testing.T) {
	r := request()
	p := serve(t, func(w http.ResponseWriter, got *http.Request) {
		var body map[string]string
		user, password, _ := got.BasicAuth()
		err := json.NewDecoder(got.Body).Decode(&body)
		if err != nil || user != "user" || password != "hidden words" || got.URL.Path != "/api/domains" ||
			got.Header.Get("Idempotency-Key") != r.JobID.String() || body["action"] != "unregister" ||
			body["domain"] != r.Domain || body["customer"] != r.CustomerID.String() || body["job"] != r.JobID.String() {
			w.WriteHeader(http.StatusTeapot)
		}
	})
	if err := job.Before(t.Context(), func(ctx context.Context, b job.BeforeTx) error { return p.Unregister(ctx, b, r) }); err != nil {
		t.Error(err)
	}
}

func TestBrokenPortalIsRetriedThenLeftAlone(t *testing.T) {
	var calls atomic.Int64
	p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 2 {
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	if err := register(t.Context(), p); err != nil || calls.Load() != 2 {
		t.Errorf("a passing failure: %v after %d calls", err, calls.Load())
	}
	for range 3 {
		err := register(t.Context(), p)
		if !fault.Is(err, fault.Unavailable) || fault.As(err).RetryAfter == 0 || strings.Contains(err.Error(), "hidden") {
			t.Errorf("a portal that is down: %v", err)
		}
	}
	// 2 calls, then 5 failures in a row, after which the circuit is open.
	if n := calls.Load(); n != 7 {
		t.Errorf("the portal was called %d times, want 7", n)
	}
}

func TestSilentPortalEndsWithTheContext(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	p := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := register(ctx, p); !fault.Is(err, fault.Timeout) {
		t.Errorf("%v, want a time-out", err)
	}
}

func TestAbsentAndLyingPortals(t *testing.T) {
	absent, err := portal.NewHTTP("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := register(t.Context(), absent); !fault.Is(err, fault.Unavailable) {
		t.Errorf("absent: %v", err)
	}
	lying := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write([]byte("short"))
		panic(http.ErrAbortHandler)
	})
	if err := register(t.Context(), lying); !fault.Is(err, fault.Unavailable) {
		t.Errorf("lying: %v", err)
	}
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	})
	if err := register(t.Context(), endless); err != nil {
		t.Errorf("an answer without end is not read to its end: %v", err)
	}
}

func TestURLsThatAreNoPortal(t *testing.T) {
	for _, url := range []string{"", "portal", "ftp://portal", "http://", "http://user:password@portal"} {
		_, err := portal.NewHTTP(url)
		if f, ok := errors.AsType[*fault.Fault](err); !ok || strings.Contains(f.Message, "password@") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
