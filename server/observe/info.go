package observe

import (
	"context"
	"strings"
)

type infoKey struct{}

// Info is what becomes known of a request while it is served.
type Info struct {
	ID        string
	User      string
	Operation string // of the log: clients name theirs
	Root      string // of the metrics: from a list of the server's own
	Cost      int    // of all operations of the request, in objects
	Code      string // of the first fault that the caller is told
	Aborted   string // why the answer was broken off, "" if it was not

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
		if user != "" {
			info.User = user
		}
		if operation != "" {
			info.Operation = operation
		}
	}
}

// NoteRoot keeps what the request is about for the metrics. It must come from a
// list that no client can add to. What was noted first stays.
func NoteRoot(ctx context.Context, root string) {
	if info := From(ctx); info != nil && info.Root == "" {
		info.Root = root
	}
}

// NoteCost adds the cost of an operation to that of the request.
func NoteCost(ctx context.Context, cost int) {
	if info := From(ctx); info != nil {
		info.Cost += cost
	}
}

// NoteAborted keeps why an answer that had begun is broken off. What was noted
// first stays.
func NoteAborted(ctx context.Context, reason string) {
	if info := From(ctx); info != nil && info.Aborted == "" {
		info.Aborted = reason
	}
}

// NoteFault counts an error that the caller is told, and the limit that has
// refused the request, "" for none.
func NoteFault(ctx context.Context, code, limit string) {
	info := From(ctx)
	if info == nil {
		return
	}
	if info.Code == "" {
		info.Code = code
	}
	info.metrics.Fault(code)
	if limit != "" {
		info.metrics.Refused(limit)
	}
}

// face is which part of the server a path belongs to.
func face(path string) string {
	switch {
	case strings.HasPrefix(path, "/appserver/rest/"):
		return "rest"
	case path == "/graphql":
		return "graphql"
	case strings.HasPrefix(path, "/playground"):
		return "playground"
	}
	return "other"
}
