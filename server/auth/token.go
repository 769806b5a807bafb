package auth

import (
	"context"
	"encoding/hex"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/session"
	"cloudapi/internal/token"
	"cloudapi/internal/viewer"
)

// token returns the viewer of an access token. The token is read again every Fresh, its expiry is checked each time. There
// is no throttle: 256 random bits cannot be guessed.
func (a *Authenticator) token(ctx context.Context, given string) (*viewer.Viewer, error) {
	key := a.digest("token", given)
	found, ok := a.tokens.get(key)
	if !ok {
		var err error
		found, err = singleFlight(ctx, a, "token "+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Token, error) {
			return a.readToken(ctx, key, given)
		})
		if err != nil {
			return nil, err
		}
	}
	expired := found != nil && !found.ExpiresAt.IsZero() && !a.Now().Before(found.ExpiresAt)
	if found == nil || expired || !signsIn(found.Account, a.Now()) {
		a.Outcome("token", "wrong")
		return nil, fault.AuthenticationFailed().Because(unknownToken)
	}
	a.Used(found, a.Now())
	v, err := newViewer(found.Account, nil)
	v.TokenID, v.ReadOnly, v.Expires = found.ID, found.ReadOnly, found.ExpiresAt
	if found.Account.ByIssuer {
		v.Expires = earlier(v.Expires, found.Account.RoleUntil)
	}
	return v, err
}

// earlier returns the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// signsIn reports whether a user's tokens are valid. They are not if the user is disabled, or if its issuer's last token had
// no role or is too old.
func signsIn(account *session.Account, now time.Time) bool {
	return !account.Disabled && (!account.ByIssuer || now.Before(account.RoleUntil))
}

func (a *Authenticator) readToken(ctx context.Context, key digest, given string) (*session.Token, error) {
	since := a.changeCount()
	found, err := a.Accounts.AccountByToken(ctx, token.Hash(given))
	if err == nil && found != nil {
		a.Outcome("token", "ok")
		a.cacheUnlessChanged(since, func() { a.tokens.put(key, found) })
	}
	return found, err
}
