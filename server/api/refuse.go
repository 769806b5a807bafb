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

// refuse sends an error in GraphQL's form for a request that did not reach GraphQL.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.As(store.Fault(err))
	refuseWith(w, r, f.Code.Status(), f)
}

// refuseWith is refuse with a given status.
func refuseWith(w http.ResponseWriter, r *http.Request, status int, f *fault.Fault) {
	limit, _ := f.Details["limit"].(string)
	observe.NoteFault(r.Context(), "", string(f.Code), limit)
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if f.Code == fault.Unauthenticated {
		auth.Challenge(h)
	}
	if seconds := f.RetrySeconds(); seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	w.WriteHeader(status)
	// Encoding cannot fail; writing fails if the client is gone.
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
		"message": f.Message, "extensions": f.Extensions(),
	}}})
}
