package api

import (
	"net/http"
	"strings"

	"cloudapi/internal/fault"
)

// MaxHeader is the default maximum size of the URL and the headers, in bytes.
const MaxHeader = 64 << 10

// HeaderRoom is how many more bytes the HTTP server reads, so that a request that is too long gets an answer in the form of
// its API. net/http answers in plain text.
const HeaderRoom = 1 << 20

// limitHeaders rejects a request whose URL (414) or headers (431) are too long.
func limitHeaders(max int, old map[string]refuser, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, what, size := http.StatusRequestURITooLong, "The URL has", len(r.RequestURI)
		if size <= max {
			status, what = http.StatusRequestHeaderFieldsTooLarge, "The URL and the headers have"
			for name, values := range r.Header {
				for _, value := range values {
					size += len(name) + len(": \r\n") + len(value)
				}
			}
		}
		if size <= max {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		refuseAs(old, w, r, status, fault.New(fault.TooLarge, "%s more than %d bytes; send parameters in the body of a POST", what, max).
			With("limit", "header").With("max", max))
	})
}

// refuser answers a request that was rejected because of its headers.
type refuser interface {
	Refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Fault)
}

// refuseAs answers in the form of the API that was called, by its prefix.
func refuseAs(old map[string]refuser, w http.ResponseWriter, r *http.Request, status int, f *fault.Fault) {
	for prefix, api := range old {
		if strings.HasPrefix(r.URL.Path, prefix) {
			api.Refuse(w, r, status, f)
			return
		}
	}
	refuseWith(w, r, status, f)
}
