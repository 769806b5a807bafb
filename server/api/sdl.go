package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"cloudapi/graph"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/compression"
	"cloudapi/server/engine"
)

// serveSchema serves the schema definition language to viewers who may introspect.
func serveSchema(core *engine.Engine) http.Handler {
	text := graph.SDL(core.Schema())
	sum := sha256.Sum256(text)
	// The compressed forms have the same weak tag.
	tag := "W/" + strconv.Quote(hex.EncodeToString(sum[:8]))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := viewer.FromContext(r.Context())
		switch {
		case core.MayIntrospect(v):
		case v == nil:
			refuse(w, r, fault.AuthenticationFailed())
			return
		default:
			refuse(w, r, fault.New(fault.Forbidden, "The schema may not be read here"))
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "private, no-cache")
		h.Set("ETag", tag)
		compression.Allow(h)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	})
}
