package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"cloudapi/internal/job"
	"cloudapi/internal/secret"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
)

const (
	// verifiedFor is how long verified credentials are cached.
	verifiedFor = time.Minute
	// maxVerified bounds the cache, in entries.
	maxVerified = 10_000
	// verifyTime bounds a verification that several calls share. It does not end with any single one of them.
	verifyTime = 15 * time.Second
)

// Accounts reads the accounts of the embedded portal.
type Accounts interface {
	PasswordHash(ctx context.Context, username string) (hash string, found bool, err error)
}

// Verifier compares a password with its hash. An empty hash never matches and takes the same time.
type Verifier interface {
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
}

// Guard limits password guessing. It begins an attempt of a caller at an account, or fails with RATE_LIMITED. Call end with
// the result; an error means that the password was not checked.
type Guard func(username, caller string) (end func(right bool, err error), err error)

// Embedded is a portal whose accounts are in this database. It has no domains: registering one only checks the account.
// Concurrent calls with the same credentials share one verification, which is cached for a minute.
type Embedded struct {
	accounts  Accounts
	passwords Verifier
	guard     Guard
	now       func() time.Time
	key       []byte // of the process, for digest
	verified  *lru.Cache[[sha256.Size]byte, time.Time]
	flights   singleflight.Group
}

// NewEmbedded returns the embedded portal.
func NewEmbedded(a Accounts, v Verifier, g Guard) *Embedded {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // crypto/rand never fails
	// New fails only for a size that is not positive.
	verified, _ := lru.New[[sha256.Size]byte, time.Time](maxVerified)
	return &Embedded{accounts: a, passwords: v, guard: g, now: time.Now, key: key, verified: verified}
}

// Register checks the account.
func (p *Embedded) Register(ctx context.Context, b job.BeforeTx, r Request) error {
	return p.check(ctx, b, r.Account)
}

// Unregister checks the account.
func (p *Embedded) Unregister(ctx context.Context, b job.BeforeTx, r Request) error {
	return p.check(ctx, b, r.Account)
}

// Available returns nil: the portal runs in the same process.
func (p *Embedded) Available() error { return nil }

// check reads the account's hash each time, so that a cached verification becomes invalid with a change of the password.
func (p *Embedded) check(ctx context.Context, b job.BeforeTx, a Account) error {
	if err := b.Check(); err != nil {
		return err
	}
	hash, _, err := p.accounts.PasswordHash(ctx, a.Username)
	if err != nil {
		return err
	}
	key := secret.Digest(p.key, a.Username, a.Password.Reveal(), hash)
	if until, ok := p.verified.Get(key); ok && p.now().Before(until) {
		return nil
	}
	return p.verifyOnce(ctx, key, hash, a)
}

// verifyOnce verifies an account once for concurrent calls of a user. A cancelled call does not affect the others.
func (p *Embedded) verifyOnce(ctx context.Context, key [sha256.Size]byte, hash string, a Account) error {
	caller := ""
	if v := viewer.FromContext(ctx); v != nil {
		caller = v.ID.String()
	}
	flight := p.flights.DoChan(caller+hex.EncodeToString(key[:]), func() (any, error) {
		return nil, service.Recovered(func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyTime)
			defer cancel()
			return p.verify(ctx, key, hash, caller, a)
		})
	})
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case result := <-flight:
		return result.Err
	}
}

func (p *Embedded) verify(ctx context.Context, key [sha256.Size]byte, hash, caller string, a Account) error {
	end, err := p.guard(a.Username, caller)
	if err != nil {
		return err
	}
	right, err := p.passwords.Verify(ctx, hash, a.Password)
	end(right, err)
	switch {
	case err != nil:
		return err
	case !right:
		return rejectedAccount()
	}
	p.verified.Add(key, p.now().Add(verifiedFor))
	return nil
}
