package auth

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"cloudapi/internal/fault"
	"cloudapi/internal/session"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// claims are the claims of a token (RFC 7519).
type claims map[string]any

// lookup returns a claim by its name, or by a path of names with dots.
func (c claims) lookup(name string) any {
	if value, ok := c[name]; ok {
		return value
	}
	head, rest, ok := strings.Cut(name, ".")
	inner, isObject := c[head].(map[string]any)
	if !ok || !isObject {
		return nil
	}
	return claims(inner).lookup(rest)
}

// identify reads the user from a verified token. The issuer and the subject identify the user; the login is only a name to
// display.
func (i *Issuer) identify(c claims, verified *oidc.IDToken) (session.Claim, error) {
	login, _ := c.lookup(i.o.LoginClaim).(string)
	if verified, told := c["email_verified"].(bool); i.o.LoginClaim == "email" && (!told || !verified) {
		login = ""
	}
	if textrule.Name("login", login, textrule.MaxName) != nil || textrule.Name("sub", verified.Subject, textrule.MaxName) != nil || verified.IssuedAt.IsZero() {
		return session.Claim{}, fault.AuthenticationFailed()
	}
	issued := verified.IssuedAt.UTC()
	if now := i.o.Now().UTC(); issued.After(now) {
		issued = now.Truncate(time.Second)
	}
	return session.Claim{
		Issuer: verified.Issuer, Subject: verified.Subject, Login: i.name + ":" + login,
		Role: i.role(c.lookup(i.o.RoleClaim)), IssuedAt: issued, Expires: verified.Expiry,
	}, nil
}

// role returns the widest role in a claim, "" for none.
func (i *Issuer) role(claim any) (widest viewer.Role) {
	values, isList := claim.([]any)
	if !isList {
		values = []any{claim}
	}
	for _, value := range values {
		name, _ := value.(string)
		role := viewer.Role(name)
		if len(i.o.Roles) > 0 {
			role = i.o.Roles[name]
		}
		if role.Rank() > widest.Rank() {
			widest = role
		}
	}
	return widest
}

// verifyOIDC returns the viewer of an issuer's token. A verified signature is cached as long as a password; the user is read
// again every Fresh.
func (a *Authenticator) verifyOIDC(ctx context.Context, given string) (*viewer.Viewer, error) {
	if a.Issuer == nil || strings.Count(given, ".") != 2 {
		return nil, fault.AuthenticationFailed()
	}
	key := a.digest("oidc", given)
	claim, ok := a.oidcVerified.get(key)
	if !ok {
		var err error
		if claim, err = a.Issuer.verify(ctx, given); err != nil {
			if fault.Is(err, fault.Unauthenticated) {
				a.Outcome("oidc", "wrong")
			}
			return nil, err
		}
		a.Outcome("oidc", "ok")
		a.oidcVerified.put(key, claim)
	}
	if !a.Now().Before(claim.Expires) {
		return nil, fault.AuthenticationFailed()
	}
	account, err := a.oidcAccount(ctx, claim)
	if err != nil {
		return nil, err
	}
	if account != nil && account.Disabled {
		return nil, fault.AuthenticationFailed()
	}
	if account == nil || claim.Role == "" || account.ByIssuer && !a.Now().Before(account.RoleUntil) {
		return nil, fault.New(fault.Forbidden, "Authorization failed")
	}
	v, err := newViewer(account, nil)
	// An older token than the newest one grants no more than the newest. A linked user has its local role or the token's,
	// whichever is narrower.
	v.Role, v.Expires = viewer.Narrower(account.Role, claim.Role), claim.Expires
	return v, err
}

// oidcAccount returns the account of a claim, read at most Fresh ago.
func (a *Authenticator) oidcAccount(ctx context.Context, claim session.Claim) (*session.Account, error) {
	key := a.digest("claim", claim.Issuer, claim.Subject, string(claim.Role), claim.IssuedAt.String())
	if account, ok := a.accounts.get(key); ok {
		return account, nil
	}
	return singleFlight(ctx, a, "claim "+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Account, error) {
		since := a.changeCount()
		account, changed, err := a.Accounts.AccountByClaim(ctx, claim)
		switch {
		case err != nil || account == nil:
		case changed:
			a.Forget(ctx, account.ID)
		default:
			a.cacheUnlessChanged(since, func() { a.accounts.put(key, account) })
		}
		return account, err
	})
}
