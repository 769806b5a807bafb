// Package auth finds out who is asking: by HTTP Basic against the cloud users,
// by an access token, or by a token of an OpenID Connect issuer.
package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
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

// How long what is known is taken for true. See docs/security.md, "Signing in".
const (
	// Fresh is how long a user or token is taken as it was last read. A change
	// made through this server counts at once; one made elsewhere, after Fresh.
	Fresh = 2 * time.Second
	// Proven is how long a password that is not used again is remembered to
	// be right. It opens nothing by itself: the user it belongs to is read
	// again every Fresh, and must still have the very hash it was proven by.
	Proven = time.Minute
	// kept bounds each cache, in entries.
	kept = 10_000
)

// Accounts is where accounts and tokens are kept.
type Accounts interface {
	// AccountByLogin returns nil for a login that nobody has.
	AccountByLogin(ctx context.Context, login string) (*session.Account, error)
	// AccountByToken returns nil for a hash that no token has.
	AccountByToken(ctx context.Context, hash []byte) (*session.Token, error)
	// Rehashed keeps a newer hash of the same password.
	Rehashed(ctx context.Context, id uuid.UUID, old, renewed string) error
	// AccountByClaim returns the account of an issuer's user, and whether it has
	// changed.
	AccountByClaim(ctx context.Context, c session.Claim) (found *session.Account, changed bool, err error)
}

// Passwords verifies passwords, with as much work for a hash that is empty as
// for any.
type Passwords interface {
	Hash(ctx context.Context, password secret.Text) (string, error)
	Verify(ctx context.Context, hash string, password secret.Text) (bool, error)
	Outdated(hash string) bool
}

// Options say what an authenticator stands on.
type Options struct {
	Accounts  Accounts
	Passwords Passwords
	// Issuer verifies the tokens of an OpenID Connect issuer; nil for none.
	Issuer *Issuer
	// Outcome hears how each sign-in that was not remembered ended, nil for
	// nobody: by which method (basic, token, oidc), and ok, wrong or refused.
	Outcome func(method, outcome string)
	// Used is called for each token that signs its user in, nil for nobody.
	Used func(t *session.Token, now time.Time)
	// Log gets a line for each sign-in that fails; nil for none.
	Log *slog.Logger
	// Now is the clock, nil for the machine's.
	Now func() time.Time
}

// Authenticator verifies credentials. It is safe for concurrent use.
type Authenticator struct {
	Options
	throttle *throttle
	key      []byte
	flights  singleflight.Group

	// mu makes sure that what was read before a change is not kept after it.
	mu                sync.Mutex
	changes           uint64
	verifiedPasswords *ttlCache[string] // the hash that a password was proven by
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
	_, _ = rand.Read(key) // never fails: crypto/rand
	return &Authenticator{
		Options: o, key: key, throttle: newThrottle(o.Now),
		verifiedPasswords: newTTLCache[string](Proven, o.Now),
		accounts:          newTTLCache[*session.Account](Fresh, o.Now),
		tokens:            newTTLCache[*session.Token](Fresh, o.Now),
		oidcVerified:      newTTLCache[session.Claim](Proven, o.Now),
	}
}

// Failed is the one answer to a wrong password, an unknown login and a disabled
// user.
func Failed() *fault.Fault { return fault.New(fault.Unauthenticated, "Authentication failed") }

// Authenticate returns who sent a request: nil where it has no credentials, a
// fault with code UNAUTHENTICATED where they are wrong.
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
		method, err = "header", Failed().Because(malformed)
	case given.scheme == basic:
		v, err = seen(a.password(r.Context(), given.login, given.secret, AddressFrom(r.Context())))
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

// SignIn verifies a login with its password, as Basic does.
func (a *Authenticator) SignIn(ctx context.Context, login string, password secret.Text) (uuid.UUID, error) {
	account, err := a.password(ctx, login, password, AddressFrom(ctx))
	if err != nil {
		a.report(ctx, "signIn", login, err)
		return uuid.Nil, err
	}
	return account.ID, nil
}

// Forget drops what is remembered of a user: its password, role, status or
// tokens have changed.
func (a *Authenticator) Forget(_ context.Context, id uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.changes++
	a.accounts.drop(func(account *session.Account) bool { return account.ID == id })
	a.tokens.drop(func(t *session.Token) bool { return t.Account.ID == id })
}

// changed counts the changes so far, for remember.
func (a *Authenticator) changed() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changes
}

// remember keeps what was read, unless a change has come since.
func (a *Authenticator) remember(since uint64, keep func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changes == since {
		keep()
	}
}

// digest names something secret in memory, where it is not kept itself. The
// lengths keep two texts from reading as one.
func (a *Authenticator) digest(parts ...string) (sum digest) {
	mac := hmac.New(sha256.New, a.key)
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = mac.Write(length[:])
		_, _ = mac.Write([]byte(part))
	}
	mac.Sum(sum[:0])
	return sum
}

func seen(account *session.Account, err error) (*viewer.Viewer, error) {
	if err != nil {
		return nil, err
	}
	return &viewer.Viewer{ID: account.ID, Login: account.Login, Role: account.Role}, nil
}
