// Package portal reaches the ITPS portal, which is asked before a domain is
// registered or unregistered (CONTRACT.md, 5).
package portal

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
)

// Portal is the ITPS portal. Its errors are faults: BAD_USER_INPUT for an
// account that is refused, CONFLICT for a domain that another has,
// UNAVAILABLE and TIMEOUT for a portal that is away or silent.
type Portal interface {
	Register(ctx context.Context, r Request) error
	Unregister(ctx context.Context, r Request) error
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
	// JobID lets the portal tell a repetition: it is the same when a job is run
	// again.
	JobID uuid.UUID
}

// refused is one answer for an unknown account and a wrong password. They are
// arguments of the call, not the caller's credentials, so it is no 401.
func refused() *fault.Fault {
	return fault.New(fault.Invalid, "The portal does not accept this username and password").On("password")
}

// Accounts finds the accounts of the embedded portal.
type Accounts interface {
	PasswordHash(ctx context.Context, username string) (hash string, found bool, err error)
}

// Verifier compares passwords with their hashes; an empty hash never matches
// and takes as long as any.
type Verifier interface {
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
}

// Embedded is a portal whose accounts are kept in this database. It has no
// domains of its own: to register one, the account must be right.
type Embedded struct {
	Accounts  Accounts
	Passwords Verifier
}

// Register checks the account.
func (p *Embedded) Register(ctx context.Context, r Request) error { return p.check(ctx, r.Account) }

// Unregister checks the account.
func (p *Embedded) Unregister(ctx context.Context, r Request) error { return p.check(ctx, r.Account) }

func (p *Embedded) check(ctx context.Context, a Account) error {
	hash, _, err := p.Accounts.PasswordHash(ctx, a.Username)
	if err != nil {
		return err
	}
	ok, err := p.Passwords.Verify(ctx, hash, a.Password)
	if err != nil {
		return err
	}
	if !ok {
		return refused()
	}
	return nil
}
