package api

import (
	"context"
	"errors"
	"strings"

	"cloudapi/ent"
	"cloudapi/ent/privacy"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// classify converts any error to a fault: database errors by their codes, ent's errors by their types. Unknown errors become
// INTERNAL.
func classify(err error) *fault.Fault {
	err = store.Fault(err)
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f
	}
	switch {
	case errors.Is(err, privacy.Deny):
		return fault.New(fault.Forbidden, "Authorization failed").Because(err)
	case ent.IsValidationError(err):
		name := ""
		if v, ok := errors.AsType[*ent.ValidationError](err); ok {
			name = v.Name
		}
		return fault.New(fault.Invalid, "%s is not valid", name).On(name).Because(err)
	case strings.HasPrefix(err.Error(), "ent: empty predicate"):
		// entgql has a separate error for each entity's filter.
		return fault.New(fault.Invalid, "A part of the filter is empty").On("where").Because(err)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Timeout, "The request was given up").Because(err)
	}
	return fault.As(err)
}
