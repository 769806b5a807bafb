package auth

// Attempt begins a password check of a signed-in user, for a password other than the user's own (for example a portal
// account's). It applies the limits of sign-in: failures for the same name, and failures of the same user for any names,
// delay further attempts. Call end with the result; an error means that the password was not checked.
func (a *Authenticator) Attempt(kind, name, user string) (end func(right bool, err error), err error) {
	begun, err := a.throttle.begin(a.digest("pair", kind, name, user), a.digest("address", kind, user))
	if err != nil {
		return nil, err
	}
	return func(right bool, err error) {
		switch {
		case err != nil:
			begun.cancel()
		case right:
			begun.succeeded()
		default:
			begun.failed()
		}
	}, nil
}
