package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"cloudapi/internal/fault"
	"cloudapi/internal/session"
	"cloudapi/internal/viewer"
)

// IssuerOptions configures an OpenID Connect issuer whose tokens are accepted.
type IssuerOptions struct {
	// URL of the issuer, equal to the claim `iss`. Plain HTTP is allowed only on loopback.
	URL string
	// Audience is the required value of the claim `aud`.
	Audience string
	// LoginClaim is the claim with the login. `email` is used only if `email_verified` is true.
	LoginClaim string
	// RoleClaim is the claim with the role or a list of roles, of which the widest applies. Dots separate the names of
	// nested claims, as in realm_access.roles.
	RoleClaim string
	// Roles maps values of the claim to roles. If it is empty, the values are the names of roles.
	Roles map[string]viewer.Role
	// Log gets a warning when the issuer does not answer.
	Log *slog.Logger
	// Client sends requests to the issuer; nil for a client with a time limit.
	Client *http.Client
	// Now is the clock, nil for time.Now.
	Now func() time.Time
}

// issuerTime bounds each request to the issuer.
const issuerTime = 5 * time.Second

// Issuer verifies the tokens of an OpenID Connect issuer. It contacts the issuer when the first token arrives, so that the
// server starts and serves other callers while the issuer is unavailable.
type Issuer struct {
	o    IssuerOptions
	name string // the issuer's part of logins

	mu   sync.Mutex
	keys *keySet // nil until the discovery document was read
	gate *retryGate
}

// NewIssuer returns an issuer, or an error that names the wrong option.
func NewIssuer(o IssuerOptions) (*Issuer, error) {
	if err := checkIssuer(o.URL); err != nil {
		return nil, err
	}
	if o.Audience == "" || o.LoginClaim == "" || o.RoleClaim == "" {
		return nil, errors.New("an issuer needs an audience, a login claim and a role claim")
	}
	for value, role := range o.Roles {
		if role.Rank() == 0 {
			return nil, fmt.Errorf("%s=%s: there is no such role", value, role)
		}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: issuerTime}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	name := strings.TrimSuffix(o.URL[strings.Index(o.URL, "://")+len("://"):], "/")
	return &Issuer{o: o, name: name, gate: &retryGate{now: o.Now, log: o.Log}}, nil
}

func checkIssuer(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fmt.Errorf("the URL of the issuer: %w", err)
	}
	ip, _ := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || ip.IsLoopback()
	if u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("the URL of the issuer must begin with https://")
	}
	return nil
}

// verify returns the user of a token. An invalid token is a fault with the code UNAUTHENTICATED. If the issuer is needed and
// does not answer, the code is UNAVAILABLE.
func (i *Issuer) verify(ctx context.Context, token string) (session.Claim, error) {
	keys, err := i.discover(ctx)
	if err != nil {
		return session.Claim{}, unavailable(err)
	}
	seen := &errCapturingKeySet{keys: keys}
	verified, err := oidc.NewVerifier(i.o.URL, seen, &oidc.Config{
		ClientID: i.o.Audience, SupportedSigningAlgs: algorithmNames(), Now: i.o.Now,
	}).Verify(ctx, token)
	if errors.Is(seen.err, errIssuerUnavailable) {
		return session.Claim{}, unavailable(seen.err)
	}
	if err != nil {
		i.o.Log.DebugContext(ctx, "a token is refused", "reason", err)
		return session.Claim{}, fault.AuthenticationFailed().Because(err)
	}
	var c claims
	if err := verified.Claims(&c); err != nil {
		return session.Claim{}, fault.AuthenticationFailed().Because(err)
	}
	return i.identify(c, verified)
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, "The issuer of the token does not answer at the moment.").
		After(issuerRetryPause).Because(err)
}

// discover reads the issuer's discovery document until it succeeds once.
func (i *Issuer) discover(ctx context.Context) (*keySet, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.keys != nil {
		return i.keys, nil
	}
	err := i.gate.try(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issuerTime)
		defer cancel()
		client := *i.o.Client
		client.Transport = limitedTransport{client.Transport}
		provider, err := oidc.NewProvider(oidc.ClientContext(ctx, &client), i.o.URL)
		if err != nil {
			return err
		}
		var metadata struct {
			Keys string `json:"jwks_uri"`
		}
		if err := provider.Claims(&metadata); err != nil || metadata.Keys == "" {
			return fmt.Errorf("the issuer does not tell where its keys are: %w", err)
		}
		i.keys = newKeySet(metadata.Keys, &client, retryGate{now: i.o.Now, log: i.o.Log})
		return nil
	})
	return i.keys, err
}

// errCapturingKeySet keeps the reason why a signature was not verified, which go-oidc does not return.
type errCapturingKeySet struct {
	keys *keySet
	err  error
}

// VerifySignature implements oidc.KeySet.
func (w *errCapturingKeySet) VerifySignature(ctx context.Context, token string) (payload []byte, err error) {
	payload, w.err = w.keys.VerifySignature(ctx, token)
	return payload, w.err
}
