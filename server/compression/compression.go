// Package compression compresses answers with gzip or zstd, if their handler allows it.
//
// An answer that contains a secret and text chosen by an attacker must never be compressed: its length reveals how much of
// the secret the text has guessed (BREACH). Therefore handlers allow compression with Allow, by the rules in
// docs/security.md, and Middleware never compresses an answer to a page of another site, where an attacker may have chosen
// the text.
package compression

import (
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"cloudapi/server/csrf"
)

// MinSize is the minimum size of a compressed answer, in bytes: a smaller one fits into one packet anyway.
const MinSize = 1400

// forbidden is the header that makes gzhttp not compress an answer. It is never sent.
const forbidden = gzhttp.HeaderNoCompression

// Compressor compresses answers. A nil one compresses none.
type Compressor struct {
	answers, streams func(http.Handler) http.HandlerFunc
	// isStream reports whether a request may be answered with a stream of events.
	isStream func(*http.Request) bool
}

// New returns a compressor. isStream reports whether a request may be answered with a stream of events.
func New(isStream func(*http.Request) bool) (*Compressor, error) {
	// zstd takes half as much time more and saves a tenth of the bytes: it is used if the client prefers it, or accepts
	// nothing else.
	answers, err := gzhttp.NewWrapper(gzhttp.MinSize(MinSize), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.PreferZstd(false),
		gzhttp.ContentTypeFilter(gzhttp.CompressAllContentTypeFilter))
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	// There are many streams, and each lasts long: their compressor keeps no memory between events. Only gzip supports that.
	streams, err := gzhttp.NewWrapper(gzhttp.MinSize(MinSize), gzhttp.CompressionLevel(gzip.StatelessCompression),
		gzhttp.EnableZstd(false), gzhttp.ContentTypeFilter(gzhttp.CompressAllContentTypeFilter))
	if err != nil {
		return nil, fmt.Errorf("compression of streams: %w", err)
	}
	return &Compressor{answers: answers, streams: streams, isStream: isStream}, nil
}

// Middleware compresses the answers of next that next allows. It must be below csrf.Protection.
func (c *Compressor) Middleware(next http.Handler) http.Handler {
	if c == nil {
		return next
	}
	unlessAllowed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(forbidden, "1")
		next.ServeHTTP(w, r)
	})
	answers, streams := c.answers(unlessAllowed), c.streams(unlessAllowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Upgrade") != "", csrf.OtherSite(r.Context(), true) != nil:
			next.ServeHTTP(w, r)
		case c.isStream(r):
			streams(w, r)
		default:
			answers(w, r)
		}
	})
}

// Allow allows compression of the answer with these headers. A handler calls it before it writes.
func Allow(h http.Header) { h.Del(forbidden) }
