package observe

import (
	"cmp"
	"context"
	"strings"
	"sync"
)

type infoKey struct{}

// Info is collected while a request is served, for its log line and metrics. Operations on a WebSocket share the Info of the
// request that opened it, also after that request ended.
type Info struct {
	ID string

	mu        sync.Mutex // guards the fields below
	User      string
	Operation string // for the log; clients choose the name
	Root      string // for the metrics; from a fixed list
	Cost      int    // of all operations of the request, in objects
	Code      string // of the first fault in the answer
	Aborted   string // why the answer was broken off, "" if it was not

	upgraded bool // the connection is a WebSocket now

	metrics *Metrics
}

// RequestID returns the id of the current request, "" outside of one.
func RequestID(ctx context.Context) string {
	if info := From(ctx); info != nil {
		return info.ID
	}
	return ""
}

// From returns the Info of the current request, nil outside of one.
func From(ctx context.Context) *Info {
	info, _ := ctx.Value(infoKey{}).(*Info)
	return info
}

// Note records the user and the operation of the request for its log line.
func Note(ctx context.Context, user, operation string) {
	if info := From(ctx); info != nil {
		info.mu.Lock()
		defer info.mu.Unlock()
		if user != "" {
			info.User = user
		}
		if operation != "" {
			info.Operation = operation
		}
	}
}

// NoteUpgrade records that the connection is now a WebSocket, whose operations are counted separately.
func NoteUpgrade(ctx context.Context) {
	if info := From(ctx); info != nil {
		info.mu.Lock()
		defer info.mu.Unlock()
		info.upgraded = true
	}
}

// NoteRoot records the root field or method of the request for the metrics. It must come from a list that clients cannot
// extend. Only the first call has an effect. An operation on a WebSocket is counted as a request.
func NoteRoot(ctx context.Context, root string) {
	info := From(ctx)
	if info == nil {
		return
	}
	info.mu.Lock()
	defer info.mu.Unlock()
	if info.upgraded {
		info.metrics.requests.WithLabelValues("graphql", root, "2xx").Inc()
		return
	}
	info.Root = cmp.Or(info.Root, root)
}

// NoteCost adds the cost of an operation to the cost of the request.
func NoteCost(ctx context.Context, cost int) {
	if info := From(ctx); info != nil {
		info.mu.Lock()
		defer info.mu.Unlock()
		info.Cost += cost
	}
}

// NoteAborted records why an answer was broken off after it had begun. Only the first call has an effect.
func NoteAborted(ctx context.Context, reason string) {
	if info := From(ctx); info != nil {
		info.abort(reason)
	}
}

func (i *Info) abort(reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.Aborted = cmp.Or(i.Aborted, reason)
}

// NoteFault counts an error in an answer by root field and code, and by the limit that rejected the request, "" for none.
// operation is set for an operation on a WebSocket, "" otherwise.
func NoteFault(ctx context.Context, operation, code, limit string) {
	info := From(ctx)
	if info == nil {
		return
	}
	info.mu.Lock()
	if !info.upgraded {
		operation = info.Root
	}
	info.Code = cmp.Or(info.Code, code)
	info.mu.Unlock()
	info.metrics.Fault(operation, code)
	if limit != "" {
		info.metrics.Refused(limit)
	}
}

// apiOf returns the part of the server that serves a path.
func apiOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/appserver/rest/"):
		return "rest"
	case path == "/appserver/xmlrpc", strings.HasPrefix(path, "/appserver/xmlrpc/"):
		return "xmlrpc"
	case path == "/graphql":
		return "graphql"
	case strings.HasPrefix(path, "/playground"):
		return "playground"
	}
	return "other"
}
