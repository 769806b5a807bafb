// Package graphqlhttp serves GraphQL over HTTP, by GET and POST, as its
// specification says.
package graphqlhttp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"

	"cloudapi/internal/fault"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
	"cloudapi/server/persisted"
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
	// Documents are those that a request may name; nil for none.
	Documents *persisted.Documents
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	media, ok := negotiate(r.Header.Values("Accept"))
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	if !ok {
		h.refuse(w, r, http.StatusNotAcceptable, invalid("Accept must allow %s or %s", typeGraphQL, typeJSON))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.refuse(w, r, http.StatusMethodNotAllowed, invalid("GraphQL takes GET and POST"))
		return
	}
	r, leave, err := h.Engine.Enter(r)
	if err != nil {
		h.send(w, media, h.Engine.Refuse(r.Context(), err))
		return
	}
	defer leave()
	asked, status, err := read(r)
	if err != nil {
		h.refuse(w, r, status, err)
		return
	}
	document := asked.document()
	if asked.Query, err = h.Documents.Resolve(document); err != nil {
		h.send(w, media, h.Engine.Refuse(r.Context(), err))
		return
	}
	if asked.Query == "" {
		h.refuse(w, r, http.StatusBadRequest, fault.New(fault.Invalid, "The request has no query").On("query"))
		return
	}
	observe.Note(r.Context(), "", "sha256:"+digest(asked.Query))
	answer := h.Engine.Run(r.Context(), &asked.Request)
	if answer.Executed {
		h.Documents.Keep(document)
		observe.Note(r.Context(), "", answer.Operation.Name)
		observe.NoteCost(r.Context(), answer.Cost)
	}
	h.send(w, media, answer)
}

// send sends an answer of the engine.
func (h *Handler) send(w http.ResponseWriter, media string, answer engine.Answer) {
	status := answer.Status
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "POST")
	}
	if media == typeJSON && wellFormed(status) {
		// Under the older media type everything that is a GraphQL answer is 200.
		status = http.StatusOK
	}
	h.write(w, status, answer)
}

// wellFormed reports whether a refusal is about the document, and not about
// the request around it.
func wellFormed(status int) bool { return status == http.StatusBadRequest }

// refuse answers what is no GraphQL request, whatever the media type.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	h.write(w, status, h.Engine.Refuse(r.Context(), err))
}

// write sends an answer. Its data is JSON already and goes out as it is; a
// request that was not executed has none (GraphQL, 7.1).
func (h *Handler) write(w http.ResponseWriter, status int, answer engine.Answer) {
	answer.Header(w.Header())
	if status == http.StatusUnauthorized && h.Challenge != nil {
		h.Challenge(w.Header())
	}
	head, tail := envelope(answer)
	w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(answer.Data)+len(tail)))
	w.WriteHeader(status)
	// The client may be gone, which is nobody's fault.
	_, _ = w.Write(head)
	_, _ = w.Write(answer.Data)
	_, _ = w.Write(tail)
}

// envelope is what stands before and after the data of an answer.
func envelope(answer engine.Answer) (head, tail []byte) {
	head = []byte{'{'}
	if len(answer.Errors) > 0 {
		text, err := json.Marshal(answer.Errors)
		if err != nil {
			text = []byte(`[{"message":"Internal server error"}]`)
		}
		head = append(append(head, `"errors":`...), text...)
	}
	if answer.Executed {
		head = append(comma(head), `"data":`...)
		if len(answer.Data) == 0 {
			head = append(head, "null"...)
		}
	}
	if len(answer.Extensions) > 0 {
		if text, err := json.Marshal(answer.Extensions); err == nil {
			if len(head) > 1 {
				tail = append(tail, ',')
			}
			tail = append(append(tail, `"extensions":`...), text...)
		}
	}
	return head, append(tail, '}')
}

func comma(text []byte) []byte {
	if len(text) > 1 {
		return append(text, ',')
	}
	return text
}

// digest names an operation without a name in the log. It is the beginning of
// the hash by which clients name persisted queries.
func digest(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:8])
}
