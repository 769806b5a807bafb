package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"cloudapi/internal/fault"
	"cloudapi/internal/store"
	"cloudapi/server/auth"
	"cloudapi/server/observe"
)

// refuse answers a request that did not reach GraphQL, in GraphQL's form.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.As(store.Fault(err))
	limit, _ := f.Details["limit"].(string)
	observe.NoteFault(r.Context(), "", string(f.Code), limit)
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if f.Code == fault.Unauthenticated {
		auth.Challenge(h)
	}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())+1))
	}
	w.WriteHeader(f.Code.Status())
	// The shape always encodes, and the client may be gone.
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message": f.Message, "extensions": map[string]any{"code": string(f.Code)},
	}}})
}
