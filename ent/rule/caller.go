package rule

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// Caller returns the guid of the user who is signed in. Nobody is
// UNAUTHENTICATED; the server itself is no user, and FORBIDDEN.
func Caller(ctx context.Context) (uuid.UUID, error) {
	v := viewer.FromContext(ctx)
	if v == nil {
		return uuid.UUID{}, fault.New(fault.Unauthenticated, "Authentication failed")
	}
	if v.System {
		return uuid.UUID{}, Forbidden()
	}
	return v.ID, nil
}
