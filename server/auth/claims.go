package auth

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/session"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// oidcClaims is whom an issuer vouches for.
type oidcClaims struct {
	login   string
	role    viewer.Role
	expires time.Time
}

// claims are what a token says.
type claims map[string]any

// at returns a claim by its name, or by its path with dots.
func (c claims) at(name string) any {
	if value, ok := c[name]; ok {
		return value
	}
	head, rest, ok := strings.Cut(name, ".")
	inner, isObject := c[head].(map[string]any)
	if !ok || !isObject {
		return nil
	}
	return claims(inner).at(rest)
}

func (i *Issuer) identify(c claims, expires time.Time) (oidcClaims, error) {
	login, _ := c.at(i.o.LoginClaim).(string)
	if verified, told := c["email_verified"].(bool); i.o.LoginClaim == "email" && (!told || !verified) {
		login = ""
	}
	const longest = 255
	if login == "" || textrule.Check("login", login, longest) != nil {
		return oidcClaims{}, Failed()
	}
	role := i.role(c.at(i.o.RoleClaim))
	if role == "" {
		return oidcClaims{}, fault.New(fault.Forbidden, "Authorization failed")
	}
	return oidcClaims{login: login, role: role, expires: expires}, nil
}

// role is the widest role in a claim, "" for none.
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
		if rank(role) > rank(widest) {
			widest = role
		}
	}
	return widest
}

func rank(role viewer.Role) int {
	switch role {
	case viewer.Administrator:
		return 3
	case viewer.Operator:
		return 2
	case viewer.Member:
		return 1
	}
	return 0
}

// verifyOIDC returns who an issuer's token signs in. The signature is remembered for
// as long as a password is; the user is read again every Fresh.
func (a *Authenticator) verifyOIDC(ctx context.Context, given string) (*viewer.Viewer, error) {
	if a.Issuer == nil || strings.Count(given, ".") != 2 {
		return nil, Failed()
	}
	key := a.digest("oidc", given)
	who, ok := a.oidcVerified.get(key)
	if !ok {
		var err error
		if who, err = a.Issuer.verify(ctx, given); err != nil {
			if fault.Is(err, fault.Unauthenticated) {
				a.Outcome("oidc", "wrong")
			}
			return nil, err
		}
		a.Outcome("oidc", "ok")
		a.oidcVerified.put(key, who)
	}
	if !a.Now().Before(who.expires) {
		return nil, Failed()
	}
	account, err := a.oidcAccount(ctx, who)
	if err != nil {
		return nil, err
	}
	if account == nil || account.Disabled {
		return nil, Failed()
	}
	v, err := seen(account, nil)
	v.Role = who.role
	return v, err
}

// oidcAccount is the account of an oidcClaims, at most Fresh old.
func (a *Authenticator) oidcAccount(ctx context.Context, who oidcClaims) (*session.Account, error) {
	key := a.digest("provided", textrule.Fold(who.login), string(who.role))
	if account, ok := a.accounts.get(key); ok {
		return account, nil
	}
	return fly(ctx, a, "provided "+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Account, error) {
		since := a.changed()
		account, err := a.Accounts.Provision(ctx, who.login, who.role)
		if err == nil && account != nil {
			a.remember(since, func() { a.accounts.put(key, account) })
		}
		return account, err
	})
}
