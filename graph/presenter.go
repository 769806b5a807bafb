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

// Present is a graphql.ErrorPresenterFunc. The path is that of the response
// (GraphQL, 7.1.2); where in an argument a value stands says the message, and its
// name is the field in the extensions.
func (p *Presenter) Present(ctx context.Context, err error) *gqlerror.Error {
	presented, ok := errors.AsType[*gqlerror.Error](err)
	if ok && presented.Err == nil {
		return coded(presented)
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
		// Kept for faces that need more than the message.
		Err: f,
	}
	if f.Code == fault.Internal {
		shown.Message = "Internal server error (request " + p.RequestID(ctx) + ")"
	}
	return shown
}

// coded gives an error of validation its code, unless it has one.
func coded(err *gqlerror.Error) *gqlerror.Error {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	if err.Extensions["code"] == nil {
		err.Extensions["code"] = string(fault.Invalid)
	}
	return err
}

// split tells the path of a field from the rest, which is the path of a value in
// its arguments: gqlgen has them in one.
func split(path, field ast.Path) (response, argument ast.Path) {
	if len(field) == 0 || len(path) <= len(field) || !slices.Equal(path[:len(field)], field) {
		return path, nil
	}
	return field, path[len(field):]
}

// inArgument is a fault of a value in an argument. One that is no fault, such as
// that of an enumeration of ent, is the caller's all the same.
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
