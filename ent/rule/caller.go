package rule

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// Caller returns the guid of the signed-in user. It fails with UNAUTHENTICATED if nobody is signed in, and with FORBIDDEN
// for the server itself, which is no user.
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
