package rest

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
)

// withTimeLimit applies the caller's maxduration to a call that creates no job. The operation of such a method does not
// declare the execution parameters.
func (m *Method) withTimeLimit(ctx context.Context, vars map[string]any) (context.Context, context.CancelFunc, error) {
	if !m.byName[ParamsName].Implicit {
		return ctx, func() {}, nil
	}
	params, _ := vars[ParamsName].(map[string]any)
	n, ok := params["maxduration"].(json.Number)
	if !ok {
		return ctx, func() {}, nil
	}
	seconds, _ := n.Float64() // infinite if it is too large
	limit, invalid := budget.Duration(ParamsName+".maxduration", seconds)
	if invalid != nil {
		return nil, nil, invalid
	}
	late := fault.New(fault.Timeout, "Given up after maxduration, %s seconds; allow more, or ask for less", n)
	ctx = context.WithValue(ctx, callerLimitKey{}, true)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, late)
	return ctx, cancel, nil
}

type callerLimitKey struct{}

// nextPageContext returns the context of a page after the first. The request's time limits each page, and the caller's
// maxduration limits all pages together.
func (h *Handler) nextPageContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.pageTime == 0 || ctx.Value(callerLimitKey{}) != nil {
		return ctx, func() {}
	}
	return budget.PageContext(ctx, h.pageTime)
}

// operationVariables removes the variables that the operation does not declare.
func (m *Method) operationVariables(vars map[string]any) map[string]any {
	for _, name := range []string{JobAlias, ParamsName} {
		if m.byName[name].Implicit {
			delete(vars, name)
		}
	}
	return vars
}

// userErrorMessage returns the caller's own message for a failure.
func userErrorMessage(vars map[string]any) string {
	params, _ := vars[ParamsName].(map[string]any)
	message, _ := params["userErrormsg"].(string)
	return message
}

// checkDeadline returns an error if a read-only call has exceeded its time, even if its read has just finished.
func (m *Method) checkDeadline(ctx context.Context) error {
	end, limited := ctx.Deadline()
	if m.Mutation() || !limited || time.Now().Before(end) {
		return nil
	}
	// The deadline has passed; the context ends within a moment.
	<-ctx.Done()
	return context.Cause(ctx)
}

// toFault returns the fault of an engine's error. If the fault concerns a value, it names the parameter that provided
// the value.
func (m *Method) toFault(ctx context.Context, e *gqlerror.Error) error {
	if late := context.Cause(ctx); late != nil && fault.Is(late, fault.Timeout) {
		return late
	}
	f := fault.New(fault.Invalid, "%s", e.Message)
	if e.Err != nil {
		f = fault.As(e.Err)
	}
	if f.Code == fault.Invalid && f.Field == "" {
		about := *f
		about.Field = m.parameterAt(e.Path)
		return &about
	}
	return asParameter(f)
}

// asParameter converts a fault of a variable to a fault of the parameter with the same name.
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

// parameterAt returns the parameter that provided the value at an error's path, followed by the rest of the path, "" for none.
func (m *Method) parameterAt(path ast.Path) string {
	at, found, inner := "", "", ""
	for _, key := range path {
		name, ok := key.(ast.PathName)
		if !ok {
			continue
		}
		at = join(at, string(name))
		if parameter, ok := m.shape.parameterByPath[at]; ok {
			found, inner = parameter, ""
		} else {
			inner = join(inner, string(name))
		}
	}
	if found == "" {
		return ""
	}
	// Clients do not know the field for undeclared keys of a dictionary.
	return strings.TrimSuffix(join(found, inner), "."+OtherKeys)
}
