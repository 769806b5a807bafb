package rest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
)

// longestCall is the most that maxduration may be, as for jobs.
const longestCall = 24 * time.Hour

// begin takes the time limit of a call that is no job: the operation of such a
// method does not declare the execution parameters.
func (m *Method) begin(ctx context.Context, vars map[string]any) (context.Context, context.CancelFunc, error) {
	if !m.byName[ParamsName].Implicit {
		return ctx, func() {}, nil
	}
	params, _ := vars[ParamsName].(map[string]any)
	n, ok := params["maxduration"].(json.Number)
	if !ok {
		return ctx, func() {}, nil
	}
	seconds, err := n.Float64()
	if err != nil || seconds <= 0 || seconds > longestCall.Seconds() {
		return nil, nil, invalid("%s.maxduration must be more than 0 and at most %.0f seconds", ParamsName, longestCall.Seconds())
	}
	late := fault.New(fault.Timeout, "Given up after maxduration, %s seconds; allow more, or ask for less", n)
	ctx = context.WithValue(ctx, callerLimit{}, true)
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(seconds*float64(time.Second)), late)
	return ctx, cancel, nil
}

type callerLimit struct{}

// nextPageContext is the context of a page after the first. How long a whole list takes is
// up to its length and to how fast the client reads, so that the time of a
// request bounds each page; the caller's own maxduration bounds all of them.
func (h *Handler) nextPageContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.pageTime == 0 || ctx.Value(callerLimit{}) != nil || errors.Is(ctx.Err(), context.Canceled) {
		return ctx, func() {}
	}
	late := fault.New(fault.Timeout, "A page took longer than %v", h.pageTime)
	page, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), h.pageTime, late)
	stop := context.AfterFunc(ctx, func() {
		// That the request's time is over does not matter, that the client hangs
		// up does.
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return page, func() {
		stop()
		cancel()
	}
}

// passed are the variables that the operation declares.
func (m *Method) passed(vars map[string]any) map[string]any {
	for _, name := range []string{JobAlias, ParamsName} {
		if m.byName[name].Implicit {
			delete(vars, name)
		}
	}
	return vars
}

// ownWords is what the caller wants a person to be told of a failure.
func ownWords(vars map[string]any) string {
	params, _ := vars[ParamsName].(map[string]any)
	own, _ := params["userErrormsg"].(string)
	return own
}

// late is why a call that only reads is over its time, nil while it is not. A
// read that was done just after its time is given up as well.
func (m *Method) late(ctx context.Context) error {
	end, limited := ctx.Deadline()
	if m.Mutation() || !limited || time.Now().Before(end) {
		return nil
	}
	// The deadline is over; the context hears of it at any moment.
	<-ctx.Done()
	return context.Cause(ctx)
}

// failed is the fault in an error of the engine. One that is about a value is
// said to be about the parameter that the value came from.
func (m *Method) failed(ctx context.Context, e *gqlerror.Error) error {
	if late := context.Cause(ctx); late != nil && fault.Is(late, fault.Timeout) {
		return late
	}
	f := fault.New(fault.Invalid, "%s", e.Message)
	if e.Err != nil {
		f = fault.As(e.Err)
	}
	if f.Code == fault.Invalid && f.Field == "" {
		about := *f
		about.Field = m.source(e.Path)
		return &about
	}
	return asParameter(f)
}

// asParameter is a fault of a variable, and a variable is a parameter.
func asParameter(f *fault.Fault) *fault.Fault {
	parameter, ok := f.Details["variable"].(string)
	if !ok {
		return f
	}
	about := *f
	about.Field = parameter
	about.Message = strings.Replace(strings.TrimPrefix(f.Message, "$"), "."+OtherKeys, "", 1)
	return &about
}

// source is the parameter that fed what stands at the path of an error, with
// what follows of the path within it, "" for none.
func (m *Method) source(path ast.Path) string {
	at, found, inner := "", "", ""
	for _, key := range path {
		name, ok := key.(ast.PathName)
		if !ok {
			continue
		}
		at = join(at, string(name))
		if parameter, ok := m.shape.feeds[at]; ok {
			found, inner = parameter, ""
		} else {
			inner = join(inner, string(name))
		}
	}
	if found == "" {
		return ""
	}
	// Where undeclared keys of a dictionary go is the router's own affair.
	return strings.TrimSuffix(join(found, inner), "."+OtherKeys)
}
