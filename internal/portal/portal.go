// Package portal reaches the ITPS portal, which is asked before a domain is
// registered or unregistered (CONTRACT.md, 5).
package portal

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/secret"
)

// Portal is the ITPS portal. It is asked before a transaction begins, never
// within one. Its errors are faults: BAD_USER_INPUT for an account that is
// refused, CONFLICT for a domain that another has, UNAVAILABLE and TIMEOUT for a
// portal that is away or silent.
type Portal interface {
	Register(ctx context.Context, before job.BeforeTx, r Request) error
	Unregister(ctx context.Context, before job.BeforeTx, r Request) error
	// Available returns an error while the portal is known to be away. It does
	// not ask the portal.
	Available() error
}

// Account is an account at the portal.
type Account struct {
	Username string
	Password secret.Text
}

// Request is what the portal is asked.
type Request struct {
	Account    Account
	Domain     string // canonical
	CustomerID uuid.UUID
	// JobID lets the portal recognize a repetition: it is the same when a job is
	// run again.
	JobID uuid.UUID
}

// refused is one answer for an unknown account and a wrong password. They are
// arguments of the call, not the caller's credentials, so it is no 401.
func refused() *fault.Fault {
	return fault.New(fault.Invalid, "The portal does not accept this username and password").On("password")
}
