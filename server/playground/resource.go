package playground

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// resource is a file to serve, plain or compressed. It is compressed when a browser first requests that.
type resource struct {
	mediaType, caching, hash string
	plain                    []byte
	compressed               func() []byte
}

func newResource(mediaType, caching string, content []byte) *resource {
	sum := sha256.Sum256(content)
	return &resource{
		mediaType: mediaType, caching: caching, plain: content,
		// 64 bits are enough to distinguish versions of one file.
		hash:       hex.EncodeToString(sum[:8]),
		compressed: sync.OnceValue(func() []byte { return compress(content) }),
	}
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	// A buffer accepts every write.
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

// ServeHTTP answers with the file, or with 304 if the browser has it.
func (r *resource) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	h := w.Header()
	h.Set("Content-Type", r.mediaType)
	h.Set("Cache-Control", r.caching)
	h.Set("Vary", "Accept-Encoding")
	content, tag := r.plain, r.hash
	if acceptsGzip(request.Header) {
		content, tag = r.compressed(), r.hash+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", strconv.Quote(tag))
	http.ServeContent(w, request, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reports whether Accept-Encoding has gzip, or *, with a weight above 0.
func acceptsGzip(h http.Header) bool {
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(item, ";")
		if coding = strings.TrimSpace(coding); !strings.EqualFold(coding, "gzip") && coding != "*" {
			continue
		}
		q, given := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
		value, err := strconv.ParseFloat(q, 64)
		return !given || (err == nil && value > 0)
	}
	return false
}
