package engine

import (
	"reflect"
	"strings"

	"github.com/google/uuid"

	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
)

// executedChange is an executed root field of a mutation, with its payload.
type executedChange struct {
	alias   string
	payload any
}

// budgetError returns the fault of an operation that has exceeded its budget, nil for none. Changes that were already committed
// stay: the fault has the guids of their jobs and objects.
func budgetError(b *budget.Budget, committed bool) error {
	f := b.Failure()
	if f == nil {
		return nil
	}
	if changes := b.Changes(); committed && len(changes) > 0 {
		committedChanges := make([]map[string]any, len(changes))
		for i, c := range changes {
			committedChanges[i] = c.(executedChange).guids()
		}
		withChanges := fault.New(f.Code, "%s. The change was made", f.Message)
		withChanges.RetryAfter, withChanges.Cause = 0, f.Cause
		for key, value := range f.Details {
			withChanges = withChanges.With(key, value)
		}
		return withChanges.With("committed", committedChanges)
	}
	return f
}

// guids returns the guids in a change's payload, of its job and of its objects, by the names of the payload's fields.
func (c executedChange) guids() map[string]any {
	found := map[string]any{"field": c.alias}
	payload := reflect.Indirect(reflect.ValueOf(c.payload))
	if payload.Kind() != reflect.Struct {
		return found
	}
	for i := range payload.NumField() {
		name := lowerFirst(payload.Type().Field(i).Name)
		if id, ok := guidOf(payload.Field(i)); ok {
			found[strings.TrimSuffix(name, "Id")+"Id"] = id.String()
		}
	}
	return found
}

func guidOf(v reflect.Value) (uuid.UUID, bool) {
	if !v.CanInterface() {
		return uuid.Nil, false
	}
	if id, ok := v.Interface().(uuid.UUID); ok {
		return id, true
	}
	if v = reflect.Indirect(v); v.Kind() != reflect.Struct {
		return uuid.Nil, false
	}
	id := v.FieldByName("ID")
	if !id.IsValid() {
		return uuid.Nil, false
	}
	found, ok := id.Interface().(uuid.UUID)
	return found, ok
}

// lowerFirst converts the name of a Go field to the schema's: CustomerID becomes customerId.
func lowerFirst(name string) string {
	if base, ok := strings.CutSuffix(name, "ID"); ok {
		name = base + "Id"
	}
	return strings.ToLower(name[:1]) + name[1:]
}
