package auth

import (
	"context"

	"cloudapi/internal/fault"
	"cloudapi/internal/textrule"
)

// reason is why a sign-in failed, for the log only: the caller gets one answer for all reasons. It never contains text that
// the caller sent.
type reason string

// Error returns the reason.
func (r reason) Error() string { return string(r) }

const (
	malformed    reason = "the credentials are malformed"
	unknownLogin reason = "unknown login"
	wrongPass    reason = "wrong password"
	disabledUser reason = "the user is disabled"
	unknownToken reason = "unknown or expired token"
	badIssuer    reason = "the token of the issuer is not valid"
	throttled    reason = "too many failures"
)

// report logs a failed sign-in in one line for programs such as fail2ban: the client address comes first, and nothing before
// it comes from the caller (docs/fail2ban).
func (a *Authenticator) report(ctx context.Context, method, login string, err error) {
	f := fault.As(err)
	why := badIssuer
	switch f.Code {
	case fault.Unauthenticated, fault.Forbidden:
		if known, ok := f.Cause.(reason); ok { //nolint:errorlint // never wrapped
			why = known
		}
	case fault.TooMany:
		why = throttled
	default:
		return // a failure of the server, not of the sign-in
	}
	if long := []rune(login); len(long) > textrule.MaxName {
		login = string(long[:textrule.MaxName]) + "…"
	}
	from, _ := ctx.Value(addressKey{}).(origin)
	a.Log.WarnContext(ctx, "sign-in failed", "address", from.client, "method", method, "reason", string(why), "login", login)
}
