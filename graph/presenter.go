package graph

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
)

// Presenter turns any error into what a client may see of it: a message and,
// in its extensions, a code and the field it concerns. What is no fault is
// INTERNAL, and its text is for the log only.
type Presenter struct {
	// Classify turns an error into a fault.
	Classify func(error) *fault.Fault
	// RequestID names the request, for an error that tells nothing else.
	RequestID func(context.Context) string
	// Report hears of each fault, with its cause.
	Report func(context.Context, *fault.Fault)
}

// Present is a graphql.ErrorPresenterFunc.
func (p *Presenter) Present(ctx context.Context, err error) *gqlerror.Error {
	presented, ok := errors.AsType[*gqlerror.Error](err)
	if ok && presented.Err == nil {
		return codeOf(presented, fault.Invalid)
	}
	if !ok {
		presented = &gqlerror.Error{Path: graphql.GetPath(ctx), Err: err}
	}
	f := p.Classify(presented.Err)
	p.Report(ctx, f)
	shown := &gqlerror.Error{
		Message:    f.Message,
		Path:       presented.Path,
		Locations:  presented.Locations,
		Extensions: map[string]any{},
		// Kept for faces that need more than the message.
		Err: f,
	}
	for k, v := range f.Details {
		shown.Extensions[k] = v
	}
	if field := fieldOf(f, presented.Path); field != "" {
		shown.Extensions["field"] = field
	}
	if f.RetryAfter > 0 {
		shown.Extensions["retryAfter"] = int(f.RetryAfter.Seconds() + 0.5)
	}
	if f.Code == fault.Internal {
		shown.Message = "Internal server error (request " + p.RequestID(ctx) + ")"
	}
	return codeOf(shown, f.Code)
}

// codeOf gives an error its code, unless it has one.
func codeOf(err *gqlerror.Error, code fault.Code) *gqlerror.Error {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	if err.Extensions["code"] == nil {
		err.Extensions["code"] = string(code)
	}
	return err
}

// fieldOf is the field that a fault concerns. A scalar does not know where it
// stands: that is the end of the path of its argument.
func fieldOf(f *fault.Fault, path ast.Path) string {
	if f.Field != "" || f.Code != fault.Invalid || len(path) < 2 {
		return f.Field
	}
	for _, element := range slices.Backward(path) {
		if name, ok := element.(ast.PathName); ok {
			return string(name)
		}
	}
	return ""
}
