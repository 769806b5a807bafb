package transfer

import (
	"context"
	"runtime"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"cloudapi/internal/secret"
)

// placeholderHash is a placeholder: a dry run computes no hashes.
const placeholderHash = "-"

// hashAll hashes the passwords that are needed, and drops all passwords.
func (l *Loader) hashAll(ctx context.Context, users []*CloudUser, have map[uuid.UUID]Object) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, u := range users {
		if !l.needsHash(u, have[u.GUID]) {
			u.password = secret.Text{}
			continue
		}
		group.Go(func() (err error) {
			defer func() { u.password = secret.Text{} }()
			u.PasswordIsWeak = weak(u)
			if u.PasswordHash = placeholderHash; !l.o.DryRun {
				u.PasswordHash, err = l.o.Passwords.Hash(ctx, u.password)
			}
			return err
		})
	}
	return group.Wait()
}
