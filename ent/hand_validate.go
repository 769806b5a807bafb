package ent

import (
	"context"

	"cloudapi/internal/fault"
)

// ReportAll is a hook that reports the faults of all fields. The generated builders stop at the first one.
func ReportAll(next Mutator) Mutator {
	return MutateFunc(func(ctx context.Context, m Mutation) (Value, error) {
		value, err := next.Mutate(ctx, m)
		if !IsValidationError(err) {
			return value, err
		}
		faults := Faults(m)
		if len(faults) < 2 {
			return value, err
		}
		return value, fault.All(faults...)
	})
}

// TextValidator returns the validator of a text column, nil for none.
func TextValidator(entity, column string) func(string) error { return validator(entity, column) }

// Faults returns what the validators of text fields find wrong with a mutation.
func Faults(m Mutation) []*fault.Fault {
	var faults []*fault.Fault
	for _, column := range m.Fields() {
		check := validator(m.Type(), column)
		if check == nil {
			continue
		}
		given, _ := m.Field(column)
		if text, ok := given.(string); ok {
			if err := check(text); err != nil {
				faults = append(faults, fault.As(err))
			}
		}
	}
	return faults
}
