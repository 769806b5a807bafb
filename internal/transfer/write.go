package transfer

import (
	"context"

	"cloudapi/internal/session"
)

// write inserts objects, or replaces existing ones.
func (a *attempt) write(ctx context.Context, kind Kind, all []Object, replace bool) error {
	if len(all) == 0 {
		return nil
	}
	a.changed += len(all)
	ids := make([]any, len(all))
	for i, o := range all {
		ids[i] = o.head().GUID
	}
	for _, t := range tables(kind, all, now()) {
		if replace {
			if err := t.clear(ctx, a.tx, a.l.o.Dialect, ids); err != nil {
				return err
			}
		}
		if err := t.insert(ctx, a.tx, a.l.o.Dialect, replace); err != nil {
			return err
		}
	}
	if !replace || kind != KindCloudUser {
		return nil
	}
	// Users that were changed must sign in again.
	for _, o := range all {
		if _, err := session.End(ctx, a.tx, o.head().GUID, false); err != nil {
			return err
		}
	}
	return nil
}
