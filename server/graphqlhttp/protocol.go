package graphqlhttp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/viewer"
	"cloudapi/server/observe"
)

// message handles a client's message (PROTOCOL.md of graphql-ws).
func (s *socket) message(text []byte) {
	s.mu.Lock()
	ended := s.ending != nil
	s.mu.Unlock()
	if ended {
		return
	}
	members, err := strictjson.Members(text)
	var kind, id string
	if err == nil {
		err = json.Unmarshal(members["type"], &kind)
	}
	if raw, ok := members["id"]; ok && err == nil {
		err = json.Unmarshal(raw, &id)
	}
	if err != nil {
		s.closeInvalid("Invalid message received")
		return
	}
	switch kind {
	case "connection_init":
		s.connect(members["payload"])
	case "ping", "pong":
		if payload := members["payload"]; isPresent(payload) && payload[0] != '{' {
			s.closeInvalid("Invalid message received")
		} else if kind == "ping" {
			s.out.put(&frame{kind: "pong", body: payload}, true)
		}
	case "subscribe":
		s.subscribe(id, members["payload"])
	case "complete":
		if id == "" {
			s.closeInvalid("Invalid message received")
			return
		}
		s.complete(id)
	default:
		s.closeInvalid("Invalid message received")
	}
}

func (s *socket) connect(raw json.RawMessage) {
	s.mu.Lock()
	again := s.initialised
	s.initialised = true
	s.mu.Unlock()
	if again {
		s.end(ending{code: closeTooMany, reason: "Too many initialisation requests"})
		return
	}
	var payload map[string]json.RawMessage
	if isPresent(raw) {
		if json.Unmarshal(raw, &payload) != nil {
			s.closeInvalid("Invalid message received")
			return
		}
	}
	if err := s.identify(payload); err != nil {
		f := fault.As(err)
		code := closeForbidden
		if f.Code == fault.TooMany {
			code = closeTooMany
		} else if f.Code != fault.Unauthenticated && f.Code != fault.Forbidden {
			code = closeRestart
			f = fault.New(fault.Unavailable, "Try again later")
		}
		s.end(ending{code: code, reason: f.Message})
		return
	}
	s.mu.Lock()
	s.acknowledged, s.idleSince = true, time.Now()
	s.mu.Unlock()
	s.out.put(&frame{kind: "connection_ack"}, true)
}

func (s *socket) subscribe(id string, raw json.RawMessage) {
	r := &request{}
	payload, err := strictjson.Members(raw)
	if err == nil {
		err = r.members(payload)
	}
	if id == "" || err != nil {
		s.closeInvalid("Invalid message received")
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	o := &operation{cancel: cancel}
	s.mu.Lock()
	acknowledged, exists, running := s.acknowledged, s.operations[id] != nil, len(s.operations)
	if acknowledged && !exists && running < s.streams.Limits.Operations && s.operations != nil {
		s.operations[id] = o
	}
	s.mu.Unlock()
	switch {
	case !acknowledged:
		s.end(ending{code: closeUnauthorized, reason: "Unauthorized"})
	case exists:
		s.end(ending{code: closeExists, reason: fmt.Sprintf("Subscriber for %.60s already exists", id)})
	case running >= s.streams.Limits.Operations:
		s.refuse(ctx, id, tooMany("operations", "The connection has %d operations, which is the most it takes", s.streams.Limits.Operations))
	default:
		service.Go(s.streams.Log, "websocket-operation", func() { s.runOperation(ctx, id, o, r) })
		return
	}
	cancel()
}

func (s *socket) refuse(ctx context.Context, id string, err error) {
	s.out.put(&frame{kind: "error", id: id, body: encode(s.handler.Engine.Refuse(ctx, err).Errors)}, true)
}

// removeOperation removes an operation; its id may be used again.
func (s *socket) removeOperation(id string, o *operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] == o {
		delete(s.operations, id)
		s.idleSince = time.Now()
	}
}

func (s *socket) complete(id string) {
	s.mu.Lock()
	o := s.operations[id]
	s.mu.Unlock()
	if o != nil {
		s.stop(o)
		s.removeOperation(id, o)
	}
}

// runOperation runs an operation: one answer for a query or mutation, any number for a subscription.
func (s *socket) runOperation(ctx context.Context, id string, o *operation, r *request) {
	h := s.handler
	document := r.document()
	query, err := h.Documents.Resolve(document)
	if err == nil && query == "" {
		err = fault.New(fault.Invalid, "The request has no query").On("query")
	}
	if err != nil {
		s.removeOperation(id, o)
		s.refuse(ctx, id, err)
		return
	}
	r.Query = query
	if h.Engine.IsSubscription(ctx, &r.Request) {
		s.startSubscription(ctx, id, o, r)
		return
	}
	limited, cancel := context.WithTimeoutCause(ctx, h.RequestTime, timeoutFault(h.RequestTime))
	defer cancel()
	entered, leave, err := h.Engine.Enter((&http.Request{Body: http.NoBody}).WithContext(limited))
	if err != nil {
		s.removeOperation(id, o)
		s.refuse(ctx, id, err)
		return
	}
	defer leave()
	answer := h.Engine.Run(entered.Context(), &r.Request)
	s.removeOperation(id, o)
	if ctx.Err() != nil {
		return // the client has completed it
	}
	if !answer.Executed {
		s.out.put(&frame{kind: "error", id: id, body: encode(answer.Errors)}, true)
		return
	}
	h.Documents.Put(document)
	head, tail := envelope(answer)
	s.out.put(&frame{kind: "next", id: id, body: append(append(head, answer.Data...), tail...)}, true)
	s.out.put(&frame{kind: "complete", id: id}, true)
}

// follow starts a subscription.
func (s *socket) startSubscription(ctx context.Context, id string, o *operation, r *request) {
	h := s.handler
	op, refused := h.Engine.Subscribe(ctx, &r.Request)
	if op == nil {
		s.removeOperation(id, o)
		s.out.put(&frame{kind: "error", id: id, body: encode(refused.Errors)}, true)
		return
	}
	release, err := s.streams.acquireSubscription(viewer.FromContext(ctx))
	if err != nil {
		s.removeOperation(id, o)
		s.refuse(ctx, id, err)
		return
	}
	h.Documents.Put(r.document())
	to := &sink{id: id, out: s.out, ended: func() {
		s.removeOperation(id, o)
		release()
	}}
	subscriber, errs := h.Streams.Hub.Subscribe(ctx, op, "", to)
	if subscriber == nil {
		if ctx.Err() != nil { // the client has completed it
			to.ended()
			return
		}
		to.Fail(errs)
		return
	}
	observe.Note(ctx, "", op.Operation().Name)
	s.mu.Lock()
	gone := ctx.Err() != nil
	if !gone {
		o.subscriber, o.release = subscriber, release
	}
	s.mu.Unlock()
	if gone {
		subscriber.Cancel()
		release()
	}
	// The hub uses its own context.
	o.cancel()
}
