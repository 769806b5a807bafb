package csrf_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/internal/fault"
	"cloudapi/server/csrf"
)

// findings returns the protection's results for a request to api.example:8080.
func findings(p csrf.Protection, headers ...string) (read, change, mutation error) {
	r := httptest.NewRequest(http.MethodGet, "http://api.example:8080/", nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	p.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		read, change, mutation = csrf.OtherSite(r.Context(), false), csrf.OtherSite(r.Context(), true), csrf.Change(r.Context())
	})).ServeHTTP(httptest.NewRecorder(), r)
	return read, change, mutation
}

// TestTheFirstHeaderDecides: "" means that nothing is rejected.
func TestTheFirstHeaderDecides(t *testing.T) {
	trusting := csrf.Protection{Trusted: []string{"https://front.example"}}
	for _, c := range []struct {
		headers      []string
		read, change string // the header named in the error
	}{
		{nil, "", ""},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://evil.example", "Referer", "http://evil.example/"}, "", ""},
		{[]string{"Sec-Fetch-Site", "none"}, "", ""},
		{[]string{"Sec-Fetch-Site", "cross-site"}, "Sec-Fetch-Site", "Sec-Fetch-Site"},
		{[]string{"Sec-Fetch-Site", "same-site"}, "Sec-Fetch-Site", "Sec-Fetch-Site"},
		{[]string{"Sec-Fetch-Site", "anything"}, "Sec-Fetch-Site", "Sec-Fetch-Site"},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://front.example"}, "", ""},
		{[]string{"Origin", "http://api.example:8080"}, "", ""},
		{[]string{"Origin", "https://api.example:8080", "Referer", "http://evil.example/"}, "", ""},
		{[]string{"Origin", "http://api.example"}, "Origin", "Origin"},
		{[]string{"Origin", "null"}, "Origin", "Origin"},
		{[]string{"Origin", "http://evil.example", "Referer", "http://api.example:8080/"}, "Origin", "Origin"},
		{[]string{"Referer", "http://evil.example/page?x=1"}, "", "Referer"},
		{[]string{"Referer", "http://api.example:8080/playground"}, "", ""},
		{[]string{"Referer", "http://API.example:8080/"}, "", ""},
		{[]string{"Referer", "http://api.example/"}, "", "Referer"},
		{[]string{"Referer", "http://api.example:8080@evil.example/"}, "", "Referer"},
		{[]string{"Referer", "http://api.example:8080.evil.example/"}, "", "Referer"},
		{[]string{"Referer", "https://front.example/page"}, "", ""},
		{[]string{"Referer", ""}, "", ""},
		{[]string{"Referer", "about:blank"}, "", "Referer"},
		{[]string{"Referer", "api.example:8080"}, "", "Referer"},
		{[]string{"Referer", "http://[::1"}, "", "Referer"},
		{[]string{"Referer", "http://api.example:8080/", "Referer", "http://evil.example/"}, "", "Referer"},
	} {
		read, change, mutation := findings(trusting, c.headers...)
		named(t, c.headers, "a read", read, c.read)
		named(t, c.headers, "a change", change, c.change)
		named(t, c.headers, "a mutation", mutation, c.change)
	}
}

// named fails the test unless err is due to the given header; "" means no error.
func named(t *testing.T, headers []string, what string, err error, header string) {
	t.Helper()
	if header == "" && err != nil {
		t.Errorf("%v: %s is refused: %v", headers, what, err)
	}
	if header != "" && (!fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "header "+header+" ")) {
		t.Errorf("%v: %s: %v, want a refusal that names %s", headers, what, err, header)
	}
}

// TestDefaultPortsAreEqual: a Referer has a port only if it is not the default.
func TestDefaultPortsAreEqual(t *testing.T) {
	for _, c := range []struct {
		host, referer string
		refused       bool
	}{
		{"api.example", "http://api.example/", false}, {"api.example:80", "http://api.example/", false},
		{"api.example:443", "https://api.example/", false}, {"api.example", "https://api.example:443/", false},
		{"api.example:443", "http://api.example/", true}, {"[2001:db8::1]", "http://[2001:db8::1]/", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = c.host
		r.Header.Set("Referer", c.referer)
		var got error
		csrf.Protection{}.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = csrf.OtherSite(r.Context(), true)
		})).ServeHTTP(httptest.NewRecorder(), r)
		if (got != nil) != c.refused {
			t.Errorf("%s from %s: %v", c.host, c.referer, got)
		}
	}
}

// TestChangesOverHTTPS: plain HTTP is rejected for changes only, and only if the operator configured it.
func TestChangesOverHTTPS(t *testing.T) {
	plain := csrf.Protection{Secure: func(*http.Request) bool { return false }}
	read, other, change := findings(plain)
	if read != nil || other != nil || !fault.Is(change, fault.Forbidden) || !strings.Contains(change.Error(), "HTTPS") {
		t.Errorf("read: %v, other site: %v, change: %v", read, other, change)
	}
	if _, _, change := findings(csrf.Protection{Secure: func(*http.Request) bool { return true }}); change != nil {
		t.Errorf("a change over HTTPS: %v", change)
	}
}
