// Package graphqlhttp serves GraphQL over HTTP, by GET and POST, as its
// specification says.
package graphqlhttp

import (
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// The media types of an answer.
const (
	typeGraphQL = "application/graphql-response+json"
	typeJSON    = "application/json"
)

// Handler serves an engine.
type Handler struct {
	Engine *engine.Engine
	// Challenge tells a caller without credentials how to give some.
	Challenge func(http.Header)
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	media, ok := negotiate(r.Header.Values("Accept"))
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	if !ok {
		h.refuse(w, http.StatusNotAcceptable, fault.New(fault.Invalid, "Accept must allow %s or %s", typeGraphQL, typeJSON))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.refuse(w, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "GraphQL takes GET and POST"))
		return
	}
	request, status, err := read(r)
	if err != nil {
		h.refuse(w, status, err)
		return
	}
	answer := h.Engine.Run(r.Context(), request)
	answer.Header(w.Header())
	if answer.Operation != nil {
		observe.Note(r.Context(), "", answer.Operation.Name)
		observe.NoteCost(r.Context(), answer.Cost)
	}
	status = answer.Status
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "POST")
	}
	if media == typeJSON && wellFormed(status) {
		// Under the older media type everything that is a GraphQL answer is 200.
		status = http.StatusOK
	}
	h.write(w, status, answer.Response, answer.Executed)
}

// wellFormed reports whether a refusal is about the document, and not about
// the request around it.
func wellFormed(status int) bool { return status == http.StatusBadRequest }

func (h *Handler) refuse(w http.ResponseWriter, status int, err error) {
	f := fault.As(err)
	h.write(w, status, &graphql.Response{Errors: gqlerror.List{{
		Message: f.Message, Extensions: map[string]any{"code": string(f.Code)},
	}}}, false)
}

// write sends an answer. Its data is JSON already and goes out as it is; a
// request that was not executed has none (GraphQL, 7.1).
func (h *Handler) write(w http.ResponseWriter, status int, answer *graphql.Response, executed bool) {
	if status == http.StatusUnauthorized && h.Challenge != nil {
		h.Challenge(w.Header())
	}
	w.WriteHeader(status)
	body := make([]byte, 0, len(answer.Data)+256)
	body = append(body, '{')
	if len(answer.Errors) > 0 {
		text, err := json.Marshal(answer.Errors)
		if err != nil {
			text = []byte(`[{"message":"Internal server error"}]`)
		}
		body = append(append(body, `"errors":`...), text...)
	}
	if executed {
		data := []byte(answer.Data)
		if len(data) == 0 {
			data = []byte("null")
		}
		body = append(append(comma(body), `"data":`...), data...)
	}
	if len(answer.Extensions) > 0 {
		if text, err := json.Marshal(answer.Extensions); err == nil {
			body = append(append(comma(body), `"extensions":`...), text...)
		}
	}
	// The client may be gone, which is nobody's fault.
	_, _ = w.Write(append(body, '}'))
}

func comma(body []byte) []byte {
	if len(body) > 1 {
		return append(body, ',')
	}
	return body
}
