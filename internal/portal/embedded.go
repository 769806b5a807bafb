package portal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
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
	// verifiedFor is how long credentials that were right are not hashed again.
	verifiedFor = time.Minute
	// maxVerified bounds how many are remembered.
	maxVerified = 10_000
	// verifyTime bounds a verification, which does not end with any of those who
	// wait for it.
	verifyTime = 15 * time.Second
)

// Accounts finds the accounts of the embedded portal.
type Accounts interface {
	PasswordHash(ctx context.Context, username string) (hash string, found bool, err error)
}

// Verifier compares passwords with their hashes; an empty hash never matches
// and takes as long as any.
type Verifier interface {
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
}

// Guard slows down the guessing of passwords: it begins an attempt of a caller
// at an account, or refuses it with RATE_LIMITED. end says how it ended; an
// error means that it says nothing about the password.
type Guard func(username, caller string) (end func(right bool, err error), err error)

// Embedded is a portal whose accounts are kept in this database. It has no
// domains of its own: to register one, the account must be right. Equal
// credentials that come together, or within a minute, are verified once.
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
	_, _ = rand.Read(key) // never fails: crypto/rand
	// The size is positive, which is all that New can refuse.
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

// Available is always true of a portal in the same process.
func (p *Embedded) Available() error { return nil }

// check reads the account's hash each time, so that what was verified against
// another hash, before the password was changed, counts no longer.
func (p *Embedded) check(ctx context.Context, b job.BeforeTx, a Account) error {
	if err := b.Check(); err != nil {
		return err
	}
	hash, _, err := p.accounts.PasswordHash(ctx, a.Username)
	if err != nil {
		return err
	}
	key := p.digest(a.Username, a.Password.Reveal(), hash)
	if until, ok := p.verified.Get(key); ok && p.now().Before(until) {
		return nil
	}
	return p.verifyOnce(ctx, key, hash, a)
}

// verifyOnce verifies an account once for all calls of a user that come at the
// same time. A call that ends does not end it for the others.
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
		return refused()
	}
	p.verified.Add(key, p.now().Add(verifiedFor))
	return nil
}

// digest names credentials in memory, which are not kept there themselves. The
// lengths keep two texts from reading as one.
func (p *Embedded) digest(parts ...string) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, p.key)
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = mac.Write(length[:])
		_, _ = mac.Write([]byte(part))
	}
	mac.Sum(sum[:0])
	return sum
}
