// Package csrf detects requests that a browser sends on behalf of a page of another site (cross-site request forgery), and
// changes over plain HTTP if the operator forbids them.
//
// A browser states the origin of a request, but not always in the same header. The first header that is present decides:
//
//  1. Sec-Fetch-Site: sent to https:// and to loopback addresses.
//  2. Origin: sent with each POST, and by scripts.
//  3. Referer: the only header when a link, an image or a form of another page sends a GET over plain HTTP. It is checked for
//     changes only.
//
// A request without any of them comes from a program, or from a browser whose page suppresses Referer. docs/security.md
// describes the remaining risk.
//
// Middleware stores its findings in the context of the request. Each API calls OtherSite first. The engine calls Change
// before it executes a mutation, so that the check applies to every API.
package csrf

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cloudapi/internal/fault"
)

// Protection configures the checks of one API.
type Protection struct {
	// Trusted are the origins of other sites whose pages may send requests.
	Trusted []string
	// Secure reports whether a request came over HTTPS; changes over plain HTTP are rejected. It is nil if plain HTTP is
	// allowed.
	Secure func(*http.Request) bool
}

// findings are the reasons to reject a request, nil for none.
type findings struct {
	reads   error // for any request
	changes error // for a change: another site sent it
	plain   error // for a change: it came over plain HTTP
}

type key struct{}

// Middleware checks each request and stores the findings in its context.
func (p Protection) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found := p.check(r)
		if found != (findings{}) {
			r = r.WithContext(context.WithValue(r.Context(), key{}, found))
		}
		next.ServeHTTP(w, r)
	})
}

// OtherSite returns a fault with the code FORBIDDEN if a page of another site sent the current request. changes says whether
// the request may change something.
func OtherSite(ctx context.Context, changes bool) error {
	found, _ := ctx.Value(key{}).(findings)
	if changes {
		return found.changes
	}
	return found.reads
}

// Change returns a fault with the code FORBIDDEN if the current request must not change anything.
func Change(ctx context.Context) error {
	found, _ := ctx.Value(key{}).(findings)
	if found.changes != nil {
		return found.changes
	}
	return found.plain
}

func (p Protection) check(r *http.Request) findings {
	var found findings
	if header := p.foreign(r); header != "" {
		err := fault.New(fault.Forbidden, "A page of another site sent this request: its header %s says so", header)
		found.changes = err
		if header != "Referer" {
			found.reads = err
		}
	}
	if p.Secure != nil && !p.Secure(r) {
		found.plain = fault.New(fault.Forbidden, "This server accepts changes over HTTPS only")
	}
	return found
}

// foreign returns the header that shows that another site sent the request, "" for none.
func (p Protection) foreign(r *http.Request) string {
	origin := r.Header.Get("Origin")
	trusted := origin != "" && slices.Contains(p.Trusted, origin)
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return ""
	case "":
	default:
		if trusted {
			return ""
		}
		return "Sec-Fetch-Site"
	}
	if origin != "" {
		if trusted || origin == "http://"+r.Host || origin == "https://"+r.Host {
			return ""
		}
		return "Origin"
	}
	for _, referer := range r.Header.Values("Referer") {
		if referer != "" && !p.own(referer, r.Host) {
			return "Referer"
		}
	}
	return ""
}

// own reports whether a page belongs to this server or to a trusted origin.
func (p Protection) own(page, host string) bool {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return false
	}
	return authority(u.Scheme, u.Host) == authority(u.Scheme, host) ||
		slices.Contains(p.Trusted, u.Scheme+"://"+u.Host)
}

// authority returns the host in lower case with a port: the scheme's if the host has none.
func authority(scheme, host string) string {
	host = strings.ToLower(host)
	if _, port, err := net.SplitHostPort(host); err == nil && port != "" {
		return host
	}
	host = strings.TrimSuffix(host, ":")
	if scheme == "https" {
		return host + ":443"
	}
	return host + ":80"
}
