// Package graphqlhttp serves GraphQL over HTTP by GET and POST (the GraphQL over HTTP specification), and subscriptions by
// WebSocket and Server-Sent Events.
package graphqlhttp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/compression"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
	"cloudapi/server/persisted"
)

// The media types of an answer.
const (
	typeGraphQL = "application/graphql-response+json"
	typeJSON    = "application/json"
)

// Handler serves an engine over HTTP.
type Handler struct {
	Engine *engine.Engine
	// Challenge sets the WWW-Authenticate header for a caller without credentials.
	Challenge func(*http.Request, http.Header)
	// Documents has the persisted documents; nil for none.
	Documents *persisted.Documents
	// Streams are the connections for subscriptions.
	Streams *Streams
	// Authenticate returns the viewer of a request, also of one built from the payload of connection_init.
	Authenticate func(*http.Request) (*viewer.Viewer, error)
	// Allowed reports whether a request may open a stream.
	Allowed func(*http.Request) bool
	// RequestTime is the time limit of an operation other than a subscription.
	RequestTime time.Duration
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	streams := MayStream(r)
	media, ok := negotiate(r.Header.Values("Accept"))
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	switch {
	case streams && !h.Allowed(r):
		h.refuse(w, r, http.StatusForbidden, fault.New(fault.Forbidden, "Streams for pages of other sites are not accepted"))
	case webSocket(r):
		h.serveWebSocket(w, r)
	case !ok && !streams:
		h.refuse(w, r, http.StatusNotAcceptable, invalid("Accept must allow %s, %s or %s", typeGraphQL, typeJSON, typeEvents))
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.refuse(w, r, http.StatusMethodNotAllowed, invalid("GraphQL takes GET and POST"))
	default:
		h.serve(w, r, media, streams, !ok)
	}
}

// serve runs the operation of a request. It answers with events if streams is true, and the operation is a subscription or
// the client accepts nothing else.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, media string, streams, eventsOnly bool) {
	original := r
	r, leave, err := h.Engine.Enter(r)
	if err != nil {
		h.send(w, r, media, h.Engine.Refuse(r.Context(), err))
		return
	}
	leave = sync.OnceFunc(leave)
	defer leave()
	req, status, err := readRequest(r)
	if err != nil {
		h.refuse(w, r, status, err)
		return
	}
	document := req.document()
	if req.Query, err = h.Documents.Resolve(document); err != nil {
		h.answer(w, r, media, eventsOnly, h.Engine.Refuse(r.Context(), err))
		return
	}
	if req.Query == "" {
		h.refuse(w, r, http.StatusBadRequest, fault.New(fault.Invalid, "The request has no query").On("query"))
		return
	}
	if streams && h.Engine.IsSubscription(r.Context(), &req.Request) {
		leave() // a stream charges each answer separately
		h.serveEvents(w, original, req, eventsOnly)
		return
	}
	ctx := r.Context()
	if streams {
		// A request that may become a stream has no time limit of its own.
		limited, cancel := context.WithTimeoutCause(ctx, h.RequestTime, timeoutFault(h.RequestTime))
		defer cancel()
		ctx = limited
	}
	observe.Note(r.Context(), "", "sha256:"+digest(req.Query))
	answer := h.Engine.Run(ctx, &req.Request)
	if answer.Executed {
		h.Documents.Put(document)
		observe.Note(r.Context(), "", answer.Operation.Name)
		observe.NoteCost(r.Context(), answer.Cost)
	}
	h.answer(w, r, media, eventsOnly, answer)
}

// answer sends an answer of the engine, as events if the client accepts nothing else. An invalid document or input is an event
// as well: clients of events show the message of no other answer.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, media string, eventsOnly bool, answer engine.Answer) {
	if eventsOnly && (answer.Executed || isDocumentError(answer.Status)) {
		h.sendEvents(w, answer)
		return
	}
	h.send(w, r, media, answer)
}

func timeoutFault(limit time.Duration) error {
	return fault.New(fault.Timeout, "The request took longer than %v and was given up", limit)
}

// send sends an answer of the engine.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, media string, answer engine.Answer) {
	status := answer.Status
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "POST")
	}
	if media == typeJSON && isDocumentError(status) {
		// With the older media type every GraphQL answer has the status 200.
		status = http.StatusOK
	}
	h.write(w, r, status, answer)
}

// isDocumentError reports whether an error concerns the document, and not the request around it.
func isDocumentError(status int) bool { return status == http.StatusBadRequest }

// refuse sends an error for a request that is not valid GraphQL over HTTP.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	h.write(w, r, status, h.Engine.Refuse(r.Context(), err))
}

// write sends an answer. Its data is already JSON. The answer of a request that was not executed has no data (GraphQL, 7.1).
func (h *Handler) write(w http.ResponseWriter, r *http.Request, status int, answer engine.Answer) {
	answer.Header(w.Header())
	if status == http.StatusUnauthorized && h.Challenge != nil {
		h.Challenge(r, w.Header())
	}
	if compressible(answer) {
		compression.Allow(w.Header())
	}
	head, tail := envelope(answer)
	w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(answer.Data)+len(tail)))
	w.WriteHeader(status)
	// An error means that the client is gone.
	_, _ = w.Write(head)
	_, _ = w.Write(answer.Data)
	_, _ = w.Write(tail)
}

// compressible reports whether an answer may be compressed: it must not have a secret beside text of the caller (BREACH). Only
// mutations return secrets (tokens), and errors quote the caller.
func compressible(answer engine.Answer) bool {
	return answer.Executed && len(answer.Errors) == 0 && answer.Operation.Operation == ast.Query
}

// envelope returns the JSON before and after the data of an answer.
func envelope(answer engine.Answer) (head, tail []byte) {
	head = []byte{'{'}
	if len(answer.Errors) > 0 {
		head = append(append(head, `"errors":`...), encode(answer.Errors)...)
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

// digest identifies an operation without a name in the log. It is a prefix of the hash of persisted queries.
func digest(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:8])
}
