package auth

import (
	"context"
	"encoding/hex"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
	"cloudapi/internal/service"
	"cloudapi/internal/session"
	"cloudapi/internal/textrule"
)

const (
	// maxLoginLength is the maximum length of a login, in bytes.
	maxLoginLength = 4 * textrule.MaxName
	// flightTime bounds work that several requests share. It does not end with any single one of them.
	flightTime = 15 * time.Second
)

// password returns the account of a login and its password. A password in the cache needs no hash and is never throttled.
func (a *Authenticator) password(ctx context.Context, login string, given secret.Text, from string) (*session.Account, error) {
	if len(login) > maxLoginLength {
		return nil, fault.AuthenticationFailed().Because(unknownLogin)
	}
	fold := textrule.Fold(login)
	key := a.digest("password", fold, given.Reveal())
	if hash, ok := a.verifiedPasswords.get(key); ok {
		account, err := a.account(ctx, fold)
		if err != nil {
			return nil, err
		}
		if account != nil && !account.Disabled && account.PasswordHash == hash {
			a.verifiedPasswords.put(key, hash)
			return account, nil
		}
		a.verifiedPasswords.remove(key)
	}
	// Concurrent sign-ins with the same password share one hash.
	return singleFlight(ctx, a, "prove "+from+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Account, error) {
		return a.verifyPassword(ctx, key, fold, given, from)
	})
}

// account returns the account of a login, read at most Fresh ago.
func (a *Authenticator) account(ctx context.Context, fold string) (*session.Account, error) {
	key := a.digest("account", fold)
	if account, ok := a.accounts.get(key); ok {
		return account, nil
	}
	return singleFlight(ctx, a, "account "+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Account, error) {
		since := a.changeCount()
		account, err := a.Accounts.AccountByLogin(ctx, fold)
		if err == nil && account != nil {
			a.cacheUnlessChanged(since, func() { a.accounts.put(key, account) })
		}
		return account, err
	})
}

// verifyPassword verifies a password against a hash. A wrong password, an unknown login and a disabled user take the same statement
// and the same hash.
func (a *Authenticator) verifyPassword(ctx context.Context, key digest, fold string, given secret.Text, from string) (*session.Account, error) {
	attempt, err := a.throttle.begin(a.digest("pair", fold, from), a.digest("address", from))
	if err != nil {
		a.Outcome("basic", "refused")
		return nil, err
	}
	since := a.changeCount()
	account, err := a.Accounts.AccountByLogin(ctx, fold)
	if err != nil {
		attempt.cancel()
		return nil, err
	}
	hash := ""
	if account != nil && !account.Disabled {
		hash = account.PasswordHash
	}
	ok, err := a.Passwords.Verify(ctx, hash, given)
	if err != nil {
		attempt.cancel()
		if fault.Is(err, fault.TooMany) {
			a.Outcome("basic", "refused")
		}
		return nil, err
	}
	if !ok {
		attempt.failed()
		a.Outcome("basic", "wrong")
		return nil, fault.AuthenticationFailed().Because(failureReason(account))
	}
	attempt.succeeded()
	a.Outcome("basic", "ok")
	a.rehash(ctx, account, given)
	a.cacheUnlessChanged(since, func() {
		a.verifiedPasswords.put(key, account.PasswordHash)
		a.accounts.put(a.digest("account", fold), account)
	})
	return account, nil
}

// failureReason returns the reason why an account cannot sign in.
func failureReason(account *session.Account) reason {
	switch {
	case account == nil:
		return unknownLogin
	case account.Disabled:
		return disabledUser
	}
	return wrongPass
}

// rehash hashes a password again if it was hashed at another cost. If that fails, the next sign-in tries again.
func (a *Authenticator) rehash(ctx context.Context, account *session.Account, given secret.Text) {
	if !a.Passwords.Outdated(account.PasswordHash) {
		return
	}
	renewed, err := a.Passwords.Hash(ctx, given)
	if err != nil {
		return
	}
	if err := a.Accounts.StoreRehash(ctx, account.ID, account.PasswordHash, renewed); err == nil {
		// Another server may have changed the hash meanwhile: read it again.
		a.mu.Lock()
		a.changes++
		a.mu.Unlock()
	}
}

// singleFlight runs a function once for all concurrent callers with the same name. A caller that gives up does not affect the others.
func singleFlight[V any](ctx context.Context, a *Authenticator, name string, do func(context.Context) (V, error)) (V, error) {
	result := a.flights.DoChan(name, func() (value any, err error) {
		// The function runs in its own goroutine, where a panic would end the server.
		err = service.Recovered(func() (err error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTime)
			defer cancel()
			value, err = do(ctx)
			return err
		})
		return value, err
	})
	select {
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	case r := <-result:
		value, _ := r.Val.(V)
		return value, r.Err
	}
}
