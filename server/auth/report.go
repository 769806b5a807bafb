package auth

import (
	"context"

	"cloudapi/internal/fault"
)

// reason is why a sign-in has failed, for the log: the caller gets one answer for
// all of them. It never holds anything that the caller has sent.
type reason string

// Error is the reason.
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

// longestLogged bounds the login in a line of the log, in characters.
const longestLogged = 255

// report logs a sign-in that has failed in a line of its own, which programs as
// fail2ban look for: the address comes first, and nothing before it is the
// caller's (docs/fail2ban).
func (a *Authenticator) report(ctx context.Context, method, login string, err error) {
	f := fault.As(err)
	why := badIssuer
	switch f.Code {
	case fault.Unauthenticated, fault.Forbidden:
		if known, ok := f.Cause.(reason); ok { //nolint:errorlint // it is never wrapped
			why = known
		}
	case fault.TooMany:
		why = throttled
	default:
		return // the server's own trouble
	}
	if long := []rune(login); len(long) > longestLogged {
		login = string(long[:longestLogged]) + "…"
	}
	from, _ := ctx.Value(addressKey{}).(place)
	a.Log.WarnContext(ctx, "sign-in failed", "address", from.client, "method", method, "reason", string(why), "login", login)
}
