// Package portal calls the ITPS portal, which must agree before a domain is registered or unregistered (CONTRACT.md, 5).
package portal

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/secret"
)

// Portal is the ITPS portal. It is called before a transaction begins, never within one. Its errors are faults:
// BAD_USER_INPUT for a rejected account, CONFLICT for a domain of another account, UNAVAILABLE and TIMEOUT for a portal that
// does not answer.
type Portal interface {
	Register(ctx context.Context, before job.BeforeTx, r Request) error
	Unregister(ctx context.Context, before job.BeforeTx, r Request) error
	// Available returns an error while the portal is known to be unavailable. It sends no request.
	Available() error
}

// Account is an account at the portal.
type Account struct {
	Username string
	Password secret.Text
}

// Request is a request to the portal.
type Request struct {
	Account    Account
	Domain     string // in canonical form
	CustomerID uuid.UUID
	// JobID lets the portal recognize a repetition: it is equal when the job runs again.
	JobID uuid.UUID
}

// rejectedAccount is the fault for an unknown account and for a wrong password. The status is not 401, because they are arguments of
// the call and not the caller's credentials.
func rejectedAccount() *fault.Fault {
	return fault.New(fault.Invalid, "The portal does not accept this username and password").On("password")
}
