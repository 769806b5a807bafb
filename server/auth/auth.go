// Package auth finds out who is asking: by HTTP Basic against the cloud users,
// or by a bearer token.
package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/directory"
	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
	"cloudapi/internal/text"
	"cloudapi/internal/token"
	"cloudapi/internal/viewer"
)

const (
	// Fresh is how long verified credentials are taken as they were: a hash for
	// each request would cost more than the request. A change made through
	// this server counts at once, one made through another after Fresh.
	Fresh = 10 * time.Second
	kept  = 10_000
)

// Authenticator verifies credentials. It is safe for concurrent use.
type Authenticator struct {
	client    *ent.Client
	passwords directory.Passwords
	address   func(*http.Request) string
	throttle  *throttle
	key       []byte
	verified  *expirable.LRU[[sha256.Size]byte, *viewer.Viewer]
}

// New returns an authenticator; address tells where a request comes from.
func New(client *ent.Client, passwords directory.Passwords, address func(*http.Request) string) *Authenticator {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key)
	return &Authenticator{
		client: client, passwords: passwords, address: address, key: key,
		throttle: newThrottle(time.Now),
		verified: expirable.NewLRU[[sha256.Size]byte, *viewer.Viewer](kept, nil, Fresh),
	}
}

// Failed is the one answer to a wrong password, an unknown login and a disabled
// user.
func Failed() *fault.Fault { return fault.New(fault.Unauthenticated, "Authentication failed") }

// Challenge asks for credentials (CONTRACT.md, 1).
func Challenge(h http.Header) { h.Set("WWW-Authenticate", `Basic realm="Applicationserver"`) }

// Authenticate returns who sent a request: nil where it has no credentials, a
// fault where they are wrong.
func (a *Authenticator) Authenticate(r *http.Request) (*viewer.Viewer, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, nil
	}
	scheme, rest, _ := strings.Cut(header, " ")
	switch strings.ToLower(scheme) {
	case "basic":
		login, password, ok := r.BasicAuth()
		if !ok {
			return nil, Failed()
		}
		return a.basic(r.Context(), login, secret.New(password), a.address(r))
	case "bearer":
		return a.bearer(r.Context(), strings.TrimSpace(rest))
	default:
		return nil, Failed()
	}
}

// SignIn verifies a login with its password, as Basic does.
func (a *Authenticator) SignIn(ctx context.Context, login string, password secret.Text) (uuid.UUID, error) {
	v, err := a.basic(ctx, login, password, AddressFrom(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	return v.ID, nil
}

func (a *Authenticator) digest(parts ...string) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, a.key)
	for _, p := range parts {
		_, _ = mac.Write([]byte(p))
		_, _ = mac.Write([]byte{0})
	}
	mac.Sum(sum[:0])
	return sum
}

func (a *Authenticator) basic(ctx context.Context, login string, password secret.Text, from string) (*viewer.Viewer, error) {
	fold := text.Fold(login)
	key := a.digest("basic", fold, password.Reveal())
	if v, ok := a.verified.Get(key); ok {
		return v, nil
	}
	if err := a.throttle.admit(fold, from); err != nil {
		return nil, err
	}
	u, err := directory.ByLogin(viewer.SystemContext(ctx), a.client, fold)
	if err != nil {
		return nil, err
	}
	hash := ""
	if u != nil && u.Status == clouduser.StatusACTIVE {
		hash = u.PasswordHash
	}
	ok, err := a.passwords.Verify(ctx, hash, password)
	if err != nil {
		return nil, err
	}
	if !ok {
		a.throttle.failed(fold, from)
		return nil, Failed()
	}
	a.throttle.succeeded(fold, from)
	v := &viewer.Viewer{ID: u.ID, Login: u.Login, Role: viewer.Role(u.Role)}
	a.verified.Add(key, v)
	return v, nil
}

func (a *Authenticator) bearer(ctx context.Context, given string) (*viewer.Viewer, error) {
	if !token.Is(given) {
		return nil, Failed()
	}
	key := a.digest("bearer", given)
	if v, ok := a.verified.Get(key); ok {
		return v, nil
	}
	t, err := a.client.AccessToken.Query().
		Where(
			accesstoken.Hash(token.Hash(given)),
			accesstoken.Or(accesstoken.ExpiresAtIsNil(), accesstoken.ExpiresAtGT(time.Now().UTC())),
			accesstoken.HasUserWith(clouduser.StatusEQ(clouduser.StatusACTIVE)),
		).WithUser().Only(viewer.SystemContext(ctx))
	if ent.IsNotFound(err) {
		return nil, Failed()
	}
	if err != nil {
		return nil, err
	}
	u := t.Edges.User
	v := &viewer.Viewer{ID: u.ID, Login: u.Login, Role: viewer.Role(u.Role), TokenID: t.ID}
	if t.ExpiresAt == nil || time.Until(*t.ExpiresAt) > Fresh {
		a.verified.Add(key, v)
	}
	return v, nil
}

// Forget drops what is kept of a user: its password, role, status or tokens
// have changed.
func (a *Authenticator) Forget(_ context.Context, id uuid.UUID) {
	for _, key := range a.verified.Keys() {
		if v, ok := a.verified.Peek(key); ok && v.ID == id {
			a.verified.Remove(key)
		}
	}
}
