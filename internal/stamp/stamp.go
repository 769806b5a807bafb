// Package stamp makes the guids and the times of new rows.
package stamp

import (
	"time"

	"github.com/google/uuid"
)

// NewID returns a new guid for a row. Version 7 (RFC 9562) makes the order of guids the order of creation.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Now returns the current time in UTC, to the microsecond, which is the precision of both databases.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
