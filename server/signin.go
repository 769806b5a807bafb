package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"cloudapi/internal/password"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/auth"
)

// signInFlags configure sign-in.
type signInFlags struct {
	HashesAtOnce   int                    `name:"hashes-at-once" default:"0" help:"The number of passwords that are hashed concurrently, with 19 MiB of memory each. 0 means half of the cores."`
	TrustedProxies []string               `name:"trusted-proxy" help:"Networks or addresses of proxies whose X-Forwarded-For header is trusted."`
	OIDCIssuer     string                 `name:"oidc-issuer" help:"The OpenID Connect issuer whose tokens are accepted."`
	OIDCAudience   string                 `name:"oidc-audience" help:"The audience that the issuer's tokens must have."`
	OIDCLoginClaim string                 `name:"oidc-login-claim" default:"preferred_username" help:"The claim with the login. The claim email is used only if email_verified is true."`
	OIDCRoleClaim  string                 `name:"oidc-role-claim" default:"roles" help:"The claim with the role or a list of roles. A nested claim is written realm_access.roles."`
	OIDCRoleTime   time.Duration          `name:"oidc-role-time" default:"720h" help:"How long personal access tokens of a user of the issuer stay valid after the user's last token of the issuer."`
	OIDCRoles      map[string]viewer.Role `name:"oidc-role" help:"The role for a value of the claim, for example admins=ADMINISTRATOR. By default the values are the role names."`
}

// signIn sets the options of an API from the flags.
func (f *signInFlags) signIn(o *api.Options) error {
	hashes := f.HashesAtOnce
	if hashes < 1 {
		// The other half of the processors answers requests while users sign in.
		hashes = max(1, runtime.GOMAXPROCS(0)/2)
	}
	o.Passwords = password.NewHasher(password.Recommended(), hashes)
	proxies, err := auth.ParseProxies(f.TrustedProxies)
	if err != nil {
		return fmt.Errorf("--trusted-proxy: %w", err)
	}
	o.Addresses = auth.Addresses{Proxies: proxies}
	if f.OIDCIssuer == "" {
		return nil
	}
	if f.OIDCRoleTime <= 0 {
		return fmt.Errorf("--oidc-role-time is %v; it must be more than 0", f.OIDCRoleTime)
	}
	o.RoleTime = f.OIDCRoleTime
	if f.OIDCAudience == "" {
		return errors.New("--oidc-issuer needs --oidc-audience: tokens for other programs must not open this one")
	}
	o.Issuer, err = auth.NewIssuer(auth.IssuerOptions{
		URL: f.OIDCIssuer, Audience: f.OIDCAudience, Log: o.Log,
		LoginClaim: f.OIDCLoginClaim, RoleClaim: f.OIDCRoleClaim, Roles: f.OIDCRoles,
	})
	if err != nil {
		return fmt.Errorf("--oidc-issuer: %w", err)
	}
	return nil
}
