package ent

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
)

// Missing returns the fault for an object that does not exist if err is of that kind, and otherwise err.
func Missing(err error, kind string, id uuid.UUID) error {
	if IsNotFound(err) {
		return fault.Missing(kind, id)
	}
	return err
}

// Stale is Missing for an update that expects a version, nil for any: if the object exists with another version, it returns a
// conflict. get reads the object.
func Stale[E any](
	ctx context.Context, err error, kind string, id uuid.UUID, expected *uuid.UUID,
	get func(context.Context, uuid.UUID) (E, error), version func(E) uuid.UUID,
) error {
	if !IsNotFound(err) || expected == nil {
		return Missing(err, kind, id)
	}
	current, err := get(ctx, id)
	if err != nil {
		return Missing(err, kind, id)
	}
	return fault.Stale(kind, id, version(current), expected)
}
