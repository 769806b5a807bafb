package job

import (
	"context"

	"cloudapi/ent"
)

// Row detaches a row in the payload of a change from its transaction.
type Row func(ctx context.Context)

// RowAt returns the Row for a field of a payload.
func RowAt[E interface{ Unwrap() E }](at *E) Row {
	return func(ctx context.Context) { *at = Detach(ctx, *at) }
}

// Run makes a change as Do does and returns its payload: work sets the rows, and Run sets the job and detaches the rows from the
// transaction.
func Run[P any](ctx context.Context, r *Recorder, c Change, payload *P, of **ent.Job, work Work, rows ...Row) (*P, error) {
	done, err := r.Do(ctx, c, work)
	if err != nil {
		return nil, err
	}
	*of = done
	for _, row := range rows {
		row(ctx)
	}
	return payload, nil
}
