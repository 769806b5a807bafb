// Package auth authenticates callers: by HTTP Basic against the cloud users, by an access token, or by a token of an OpenID
// Connect issuer.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
	"cloudapi/internal/session"
	"cloudapi/internal/token"
	"cloudapi/internal/viewer"
)

// How long cached results are valid. See docs/security.md, "Signing in".
const (
	// AccountTTL is how long a user or token is cached. A change through this server takes effect at once, a change through
	// another server after Fresh.
	AccountTTL = 2 * time.Second
	// PasswordTTL is how long a verified password is cached after its last use. The cache entry is valid only for the hash that
	// the password was verified with, and the user's hash is read again every Fresh.
	PasswordTTL = time.Minute
	// cacheSize bounds each cache, in entries.
	cacheSize = 10_000
)

// Accounts reads accounts and tokens from the database.
type Accounts interface {
	// AccountByLogin returns nil for an unknown login.
	AccountByLogin(ctx context.Context, login string) (*session.Account, error)
	// AccountByToken returns nil for an unknown hash.
	AccountByToken(ctx context.Context, hash []byte) (*session.Token, error)
	// StoreRehash replaces a password's hash by one with a newer cost.
	StoreRehash(ctx context.Context, id uuid.UUID, old, renewed string) error
	// AccountByClaim returns the account of an issuer's user, and whether it was changed.
	AccountByClaim(ctx context.Context, c session.Claim) (found *session.Account, changed bool, err error)
}

// Passwords verifies passwords. Verifying against an empty hash costs as much work as against any other.
type Passwords interface {
	Hash(ctx context.Context, password secret.Text) (string, error)
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
	Outdated(hash string) bool
}

// Options configures an authenticator.
type Options struct {
	Accounts  Accounts
	Passwords Passwords
	// Issuer verifies the tokens of an OpenID Connect issuer; nil for none.
	Issuer *Issuer
	// Outcome is called after each sign-in that no cache answered: method is basic, token or oidc, outcome is ok, wrong or
	// refused. It may be nil.
	Outcome func(method, outcome string)
	// Used is called for each token that signs its user in. It may be nil.
	Used func(t *session.Token, now time.Time)
	// Log gets a line for each failed sign-in; nil for none.
	Log *slog.Logger
	// Now is the clock, nil for time.Now.
	Now func() time.Time
}

// Authenticator verifies credentials. It is safe for concurrent use.
type Authenticator struct {
	Options
	throttle *throttle
	key      []byte
	flights  singleflight.Group

	// mu prevents a value that was read before a change from being cached after it.
	mu                sync.Mutex
	changes           uint64
	verifiedPasswords *ttlCache[string] // password digest → the hash it was verified with
	accounts          *ttlCache[*session.Account]
	tokens            *ttlCache[*session.Token]
	oidcVerified      *ttlCache[session.Claim]
}

// New returns an authenticator.
func New(o Options) *Authenticator {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Used == nil {
		o.Used = func(*session.Token, time.Time) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Outcome == nil {
		o.Outcome = func(string, string) {}
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // crypto/rand never fails
	return &Authenticator{
		Options: o, key: key, throttle: newThrottle(o.Now),
		verifiedPasswords: newTTLCache[string](PasswordTTL, o.Now),
		accounts:          newTTLCache[*session.Account](AccountTTL, o.Now),
		tokens:            newTTLCache[*session.Token](AccountTTL, o.Now),
		oidcVerified:      newTTLCache[session.Claim](PasswordTTL, o.Now),
	}
}

// Authenticate returns the viewer of a request: nil if it has no credentials, a fault with the code UNAUTHENTICATED if they
// are wrong.
func (a *Authenticator) Authenticate(r *http.Request) (*viewer.Viewer, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return nil, nil
	}
	given, ok := parse(headers)
	var v *viewer.Viewer
	var err error
	method := "basic"
	switch {
	case !ok:
		method, err = "header", fault.AuthenticationFailed().Because(malformed)
	case given.scheme == basic:
		v, err = newViewer(a.password(r.Context(), given.login, given.secret, AddressFrom(r.Context())))
	case token.Is(given.secret.Reveal()):
		method = "token"
		v, err = a.token(r.Context(), given.secret.Reveal())
	default:
		method = "oidc"
		v, err = a.verifyOIDC(r.Context(), given.secret.Reveal())
	}
	if err != nil {
		a.report(r.Context(), method, given.login, err)
		return nil, err
	}
	return v, nil
}

// SignIn verifies a login and its password, with the same checks and limits as Basic.
func (a *Authenticator) SignIn(ctx context.Context, login string, password secret.Text) (uuid.UUID, error) {
	account, err := a.password(ctx, login, password, AddressFrom(ctx))
	if err != nil {
		a.report(ctx, "signIn", login, err)
		return uuid.Nil, err
	}
	return account.ID, nil
}

// Forget removes a user from the caches after a change of its password, role, status or tokens.
func (a *Authenticator) Forget(_ context.Context, id uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.changes++
	a.accounts.drop(func(account *session.Account) bool { return account.ID == id })
	a.tokens.drop(func(t *session.Token) bool { return t.Account.ID == id })
}

// changeCount returns the number of changes so far, for cacheUnlessChanged.
func (a *Authenticator) changeCount() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changes
}

// cacheUnlessChanged stores a value that was read, unless a change has happened since.
func (a *Authenticator) cacheUnlessChanged(since uint64, store func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changes == since {
		store()
	}
}

// digest hashes secrets for use as a cache key.
func (a *Authenticator) digest(parts ...string) digest { return secret.Digest(a.key, parts...) }

func newViewer(account *session.Account, err error) (*viewer.Viewer, error) {
	if err != nil {
		return nil, err
	}
	return &viewer.Viewer{ID: account.ID, Login: account.Login, Role: account.Role}, nil
}
