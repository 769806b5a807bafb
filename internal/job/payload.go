package job

import (
	"context"

	"cloudapi/ent"
)

// After is called when a change has been made.
type After func(ctx context.Context)

// RowAt detaches the row in a field of a payload from the transaction of the change.
func RowAt[E interface{ Unwrap() E }](at *E) After {
	return func(ctx context.Context) { *at = Detach(ctx, *at) }
}

// Run makes a change as Do does and returns its payload: work sets the rows, and Run sets the job. It is the frame of every verb.
func Run[P any](ctx context.Context, r *Recorder, c Change, payload *P, of **ent.Job, work Work, then ...After) (*P, error) {
	done, err := r.Do(ctx, c, work)
	if err != nil {
		return nil, err
	}
	*of = done
	for _, after := range then {
		after(ctx)
	}
	return payload, nil
}
