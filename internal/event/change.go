package event

import "github.com/google/uuid"

// Change is a change as subscribers get it.
type Change struct {
	Cursor string
	// JobID is the guid of the job.
	JobID uuid.UUID
	// CustomerID is nil for a change of something else.
	CustomerID *uuid.UUID
}
