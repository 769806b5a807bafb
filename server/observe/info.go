package observe

import (
	"cmp"
	"context"
	"strings"
	"sync"
)

type infoKey struct{}

// Info is what becomes known of a request while it is served. Operations of a
// WebSocket share that of the request that opened it, also after its end.
type Info struct {
	ID string

	mu        sync.Mutex // guards what follows
	User      string
	Operation string // of the log: clients name theirs
	Root      string // of the metrics: from a list of the server's own
	Cost      int    // of all operations of the request, in objects
	Code      string // of the first fault that the caller is told
	Aborted   string // why the answer was broken off, "" if it was not

	upgraded bool // it is a WebSocket now

	metrics *Metrics
}

// RequestID returns the id of the request being served, "" outside of one.
func RequestID(ctx context.Context) string {
	if info := From(ctx); info != nil {
		return info.ID
	}
	return ""
}

// From returns what is known of the request being served, nil outside of one.
func From(ctx context.Context) *Info {
	info, _ := ctx.Value(infoKey{}).(*Info)
	return info
}

// Note keeps the user and the operation of the request for its log line.
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

// NoteUpgrade says that the request has become a WebSocket, whose operations count
// for themselves.
func NoteUpgrade(ctx context.Context) {
	if info := From(ctx); info != nil {
		info.mu.Lock()
		defer info.mu.Unlock()
		info.upgraded = true
	}
}

// NoteRoot keeps what the request is about for the metrics. It must come from a
// list that no client can add to. What was noted first stays. An operation of a
// WebSocket is counted as a request of its own.
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

// NoteCost adds the cost of an operation to that of the request.
func NoteCost(ctx context.Context, cost int) {
	if info := From(ctx); info != nil {
		info.mu.Lock()
		defer info.mu.Unlock()
		info.Cost += cost
	}
}

// NoteAborted keeps why an answer that had begun is broken off. What was noted
// first stays.
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

// NoteFault counts an error that the caller is told, by what the request is about
// and by its code, and the limit that has refused the request, "" for none.
// operation is that of a WebSocket's, "" for none.
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

// face is which part of the server a path belongs to.
func face(path string) string {
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
