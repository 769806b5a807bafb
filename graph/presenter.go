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

// Presenter turns any error into what a client may see: a message and, in the extensions, a code and the field that it
// concerns. An error that is not a fault becomes INTERNAL; its text appears only in the log.
type Presenter struct {
	// Classify turns an error into a fault.
	Classify func(error) *fault.Fault
	// RequestID returns the id of the request, which is all that an INTERNAL error shows.
	RequestID func(context.Context) string
	// Report is called with each fault and its cause.
	Report func(context.Context, *fault.Fault)
}

// Present is a graphql.ErrorPresenterFunc. The error's path is that of the response (GraphQL, 7.1.2). For a value in an
// argument, the message has its path and the extensions have its name as the field.
func (p *Presenter) Present(ctx context.Context, err error) *gqlerror.Error {
	presented, ok := errors.AsType[*gqlerror.Error](err)
	if ok && presented.Err == nil {
		return withCode(presented)
	}
	if !ok {
		presented = &gqlerror.Error{Path: graphql.GetPath(ctx), Err: err}
	}
	path, argument := split(presented.Path, graphql.GetPath(ctx))
	f := p.Classify(presented.Err)
	if len(argument) > 0 {
		f = inArgument(f, argument)
	}
	all := f.Each()
	for _, other := range all[:len(all)-1] {
		graphql.AddError(ctx, &gqlerror.Error{Path: path, Locations: presented.Locations, Err: other})
	}
	f = all[len(all)-1]
	p.Report(ctx, f)
	shown := &gqlerror.Error{
		Message: f.Message, Path: path, Locations: presented.Locations, Extensions: f.Extensions(),
		// For APIs that need more than the message.
		Err: f,
	}
	if f.Code == fault.Internal {
		shown.Message = fault.InternalMessage + " (request " + p.RequestID(ctx) + ")"
	}
	return shown
}

// withCode sets the code of a validation error that has none.
func withCode(err *gqlerror.Error) *gqlerror.Error {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	if err.Extensions["code"] == nil {
		err.Extensions["code"] = string(fault.Invalid)
	}
	return err
}

// split divides the path of an error: gqlgen appends the path of a value in the arguments to the path of its field.
func split(path, field ast.Path) (response, argument ast.Path) {
	if len(field) == 0 || len(path) <= len(field) || !slices.Equal(path[:len(field)], field) {
		return path, nil
	}
	return field, path[len(field):]
}

// inArgument returns the fault of a value in an argument. An error that is not a fault, for example that of an ent
// enumeration, is the caller's mistake too.
func inArgument(f *fault.Fault, argument ast.Path) *fault.Fault {
	name := ""
	for _, element := range argument {
		if n, ok := element.(ast.PathName); ok {
			name = string(n)
		}
	}
	if f.Code == fault.Internal {
		f = fault.New(fault.Invalid, "is not valid").Because(f.Cause)
	}
	if f.Field != "" || f.Code != fault.Invalid {
		return f
	}
	return f.At(name, argument.String())
}
