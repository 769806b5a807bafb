package fault

import (
	"maps"
	"math"
	"strings"
)

// All combines the faults of one input into one: the first, with the others in More. It returns nil for none.
func All(faults ...*Fault) *Fault {
	if len(faults) == 0 {
		return nil
	}
	first := *faults[0]
	first.More = append(first.More[:len(first.More):len(first.More)], faults[1:]...)
	return &first
}

// Each returns the fault and the others of the same input.
func (f *Fault) Each() []*Fault {
	alone := *f
	alone.More = nil
	return append([]*Fault{&alone}, f.More...)
}

// At returns the same fault for a field, with where in the message. The code that found the fault may not know the path.
func (f *Fault) At(field, where string) *Fault {
	about := *f
	about.Field, about.Details = field, maps.Clone(f.Details)
	for _, subject := range []string{"text ", f.Field + " ", field + " "} {
		if rest, ok := strings.CutPrefix(f.Message, subject); ok && subject != " " {
			about.Message = where + " " + rest
			return &about
		}
	}
	separator := ": "
	if strings.HasPrefix(f.Message, "must ") || strings.HasPrefix(f.Message, "is ") {
		separator = " "
	}
	about.Message = where + separator + f.Message
	return &about
}

// RetrySeconds returns RetryAfter in whole seconds, rounded up, for the header Retry-After and the extensions; 0 if unknown.
func (f *Fault) RetrySeconds() int { return int(math.Ceil(f.RetryAfter.Seconds())) }

// Extensions returns the extensions of a GraphQL error, equal on every path.
func (f *Fault) Extensions() map[string]any {
	shown := make(map[string]any, len(f.Details)+3)
	for k, v := range f.Details {
		shown[k] = v
	}
	shown["code"] = string(f.Code)
	if f.Field != "" {
		shown["field"] = f.Field
	}
	if seconds := f.RetrySeconds(); seconds > 0 {
		shown["retryAfter"] = seconds
	}
	return shown
}
