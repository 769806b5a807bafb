package faults

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// portal is an ITPS portal of the test's own, reached by HTTP as the real one.
type portal struct {
	URL string

	mu    sync.Mutex
	told  []portalCall
	delay func(portalCall, *http.Request) // what it does before it answers, nil for nothing
}

// portalCall is what the portal was asked.
type portalCall struct {
	Action, Domain, Customer, Job string
}

// newPortal starts a portal that has every account of portalUser's password.
func newPortal(t testing.TB) *portal {
	t.Helper()
	p := &portal{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// ServeHTTP notes the call and agrees.
func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call portalCall
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, given, _ := r.BasicAuth(); given != portalPassword || r.Header.Get("Idempotency-Key") != call.Job {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	p.mu.Lock()
	p.told = append(p.told, call)
	delay := p.delay
	p.mu.Unlock()
	if delay != nil {
		delay(call, r)
	}
}

// calls returns what the portal was asked about a domain.
func (p *portal) calls(domain string) []portalCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []portalCall
	for _, c := range p.told {
		if c.Domain == domain {
			found = append(found, c)
		}
	}
	return found
}
