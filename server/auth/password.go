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
	// longestLogin is as long as a login can be, in bytes.
	longestLogin = 4 * 255
	// flightTime bounds work that several requests wait for, which therefore
	// does not end with any of them.
	flightTime = 15 * time.Second
)

// password returns the account of a login and its password. One that was
// verifiedPasswords is recognized without a hash and is never throttled.
func (a *Authenticator) password(ctx context.Context, login string, given secret.Text, from string) (*session.Account, error) {
	if len(login) > longestLogin {
		return nil, Failed().Because(unknownLogin)
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
	// A client that opens many connections at once costs one hash.
	return fly(ctx, a, "prove "+from+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Account, error) {
		return a.prove(ctx, key, fold, given, from)
	})
}

// account returns the account of a login, at most Fresh old.
func (a *Authenticator) account(ctx context.Context, fold string) (*session.Account, error) {
	key := a.digest("account", fold)
	if account, ok := a.accounts.get(key); ok {
		return account, nil
	}
	return fly(ctx, a, "account "+hex.EncodeToString(key[:]), func(ctx context.Context) (*session.Account, error) {
		since := a.changed()
		account, err := a.Accounts.AccountByLogin(ctx, fold)
		if err == nil && account != nil {
			a.remember(since, func() { a.accounts.put(key, account) })
		}
		return account, err
	})
}

// prove verifies a password with a hash. A wrong one, a login that nobody has
// and a disabled user take the same statement and the same hash.
func (a *Authenticator) prove(ctx context.Context, key digest, fold string, given secret.Text, from string) (*session.Account, error) {
	attempt, err := a.throttle.begin(a.digest("pair", fold, from), a.digest("address", from))
	if err != nil {
		a.Outcome("basic", "refused")
		return nil, err
	}
	since := a.changed()
	account, err := a.Accounts.AccountByLogin(ctx, fold)
	if err != nil {
		attempt.abandon()
		return nil, err
	}
	hash := ""
	if account != nil && !account.Disabled {
		hash = account.PasswordHash
	}
	ok, err := a.Passwords.Verify(ctx, hash, given)
	if err != nil {
		attempt.abandon()
		if fault.Is(err, fault.TooMany) {
			a.Outcome("basic", "refused")
		}
		return nil, err
	}
	if !ok {
		attempt.failed()
		a.Outcome("basic", "wrong")
		return nil, Failed().Because(refusal(account))
	}
	attempt.succeeded()
	a.Outcome("basic", "ok")
	a.renew(ctx, account, given)
	a.remember(since, func() {
		a.verifiedPasswords.put(key, account.PasswordHash)
		a.accounts.put(a.digest("account", fold), account)
	})
	return account, nil
}

// refusal is why a password does not open an account.
func refusal(account *session.Account) reason {
	switch {
	case account == nil:
		return unknownLogin
	case account.Disabled:
		return disabledUser
	}
	return wrongPass
}

// renew hashes a password anew that was hashed at another cost. Where that does
// not work now, the next sign-in tries again.
func (a *Authenticator) renew(ctx context.Context, account *session.Account, given secret.Text) {
	if !a.Passwords.Outdated(account.PasswordHash) {
		return
	}
	renewed, err := a.Passwords.Hash(ctx, given)
	if err != nil {
		return
	}
	if err := a.Accounts.Rehashed(ctx, account.ID, account.PasswordHash, renewed); err == nil {
		// What is in the database now decides: it is read again.
		a.mu.Lock()
		a.changes++
		a.mu.Unlock()
	}
}

// fly does something once for all who want it at the same time. Who gives up
// does not take it away from the others.
func fly[V any](ctx context.Context, a *Authenticator, name string, do func(context.Context) (V, error)) (V, error) {
	result := a.flights.DoChan(name, func() (value any, err error) {
		// It runs in a goroutine of its own, where a panic would end the server.
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
