package transfer_test

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloudapi/internal/transfer"
	"cloudapi/server/api/apitest"
)

// source is an old server with some customers.
func source(t *testing.T) *apitest.API {
	t.Helper()
	old := apitest.New(t, "sqlite://"+t.TempDir()+"/old.db")
	load(t, old, lines(customersOnly(20)))
	return old
}

// TestCallsAreMadeAgain: each call fails once, in one of the temporary ways.
func TestCallsAreMadeAgain(t *testing.T) {
	old := source(t)
	var mu sync.Mutex
	failed := map[string]bool{}
	n := 0
	flaky := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		first := !failed[r.URL.String()]
		failed[r.URL.String()] = true
		n++
		way := n % 4
		mu.Unlock()
		switch {
		case !first:
			old.Handler.ServeHTTP(w, r)
		case way == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		case way == 1:
			w.WriteHeader(http.StatusInternalServerError)
		case way == 2:
			panic(http.ErrAbortHandler)
		default:
			// Half of the answer.
			whole := httptest.NewRecorder()
			old.Handler.ServeHTTP(whole, r)
			_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	})
	target := apitest.Open(t, "sqlite://"+t.TempDir()+"/test.db")
	from := remote(t, serve(t, flaky, apitest.Administrator))
	from.SetPause(time.Millisecond)
	counts, entries := load(t, target, from)
	if c := counts.Kinds[transfer.KindCustomer]; c.Created != 20 || len(entries) > 0 {
		t.Errorf("%+v %v", c, entries)
	}
}

// TestRetryAfterIsObeyed: the import waits as long as a busy server's Retry-After says.
func TestRetryAfterIsObeyed(t *testing.T) {
	old := source(t)
	var refusedAt atomic.Int64
	busy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusedAt.CompareAndSwap(0, time.Now().UnixNano()) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if early := time.Second - time.Since(time.Unix(0, refusedAt.Load())); early > 0 {
			t.Errorf("the call is made again %v early", early)
		}
		old.Handler.ServeHTTP(w, r)
	})
	from := remote(t, serve(t, busy, apitest.Administrator))
	from.SetPause(time.Millisecond)
	if counts, entries := load(t, apitest.Open(t, "sqlite://"+t.TempDir()+"/test.db"), from); !counts.Clean() {
		t.Errorf("%v", entries)
	}
}

// TestCertificates: an untrusted certificate ends an import before credentials are sent; a trusted one does not.
func TestCertificates(t *testing.T) {
	old := source(t)
	var calls atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		old.Handler.ServeHTTP(w, r)
	}))
	defer s.Close()
	address := strings.Replace(s.URL, "https://", "https://"+apitest.Administrator+":"+strings.ReplaceAll(apitest.Password, " ", "%20")+"@", 1) + "/appserver/rest/"
	target := apitest.Open(t, "sqlite://"+t.TempDir()+"/test.db")
	_, err := transfer.Load(t.Context(), remote(t, address), transfer.Options{
		Client: target.Client, Dialect: target.Store.Dialect(), Report: func(transfer.Entry) {},
	})
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(fmt.Sprint(err), "correct") || calls.Load() > 0 {
		t.Errorf("not trusted: %v after %d calls", err, calls.Load())
	}
	trusting := remote(t, address)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	trusting.Trust(roots)
	if counts, entries := load(t, target, trusting); counts.Kinds[transfer.KindCustomer].Created != 20 {
		t.Errorf("trusted: %v", entries)
	}
}
