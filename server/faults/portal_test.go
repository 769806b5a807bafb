package faults

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// portal is an ITPS portal for one test, with the HTTP interface of the real one.
type portal struct {
	URL string

	mu    sync.Mutex
	told  []portalCall
	delay func(portalCall, *http.Request) // called before it answers; may be nil
}

// portalCall is a request to the portal.
type portalCall struct {
	Action, Domain, Customer, Job string
}

// newPortal starts a portal that accepts every account with portalUser's password.
func newPortal(t testing.TB) *portal {
	t.Helper()
	p := &portal{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// ServeHTTP records the call and answers success.
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

// calls returns the portal's calls about a domain.
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
