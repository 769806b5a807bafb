package auth

// Attempt begins an attempt of a user at a password that is not one for signing
// in, and guards it as signing in is guarded: failures of a name by the user, and
// of any names by the user, delay what follows. end ends it; an error means that
// the attempt says nothing about the password.
func (a *Authenticator) Attempt(kind, name, user string) (end func(right bool, err error), err error) {
	begun, err := a.throttle.begin(a.digest("pair", kind, name, user), a.digest("address", kind, user))
	if err != nil {
		return nil, err
	}
	return func(right bool, err error) {
		switch {
		case err != nil:
			begun.abandon()
		case right:
			begun.succeeded()
		default:
			begun.failed()
		}
	}, nil
}
