// Package idempotency gives the first answer again to a request that is sent
// again under the same key, so that its change is made once.
package idempotency

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/ent"
	"cloudapi/ent/idempotencykey"
	"cloudapi/ent/rule"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Kept is how long an answer is kept at least.
const Kept = 24 * time.Hour

// maxKey is the longest key, in characters.
const maxKey = 255

// Encrypter encrypts answers and hashes requests under the server's key.
type Encrypter interface {
	MAC(ctx context.Context, purpose string, data []byte) ([]byte, error)
	Seal(ctx context.Context, about, data []byte) ([]byte, error)
	Open(ctx context.Context, about, sealed []byte) ([]byte, error)
}

// Keys are the keys in the database. A request may carry passwords and an answer
// tokens: of the one a keyed hash is kept, of the other an encrypted copy.
type Keys struct {
	Client    *ent.Client
	Encrypter Encrypter
	Present   graphql.ErrorPresenterFunc
	// Outcome hears how each use of a key ended, nil for nobody: first, repeated
	// (the kept answer was given), reused (for another request) or failed.
	Outcome func(string)
}

// Once runs a mutation in a transaction that holds the key as well. A second
// request with the key waits for the first, and gets its answer; with another
// request it is a fault with code KEY_REUSED. Where the first takes longer than
// the database lets anybody wait for a lock, the second is a conflict. An answer with errors is not
// kept: nothing was changed, and the request may be tried again. The first answer
// is given only to a caller whose role still allows all of the mutations.
func (k *Keys) Once(ctx context.Context, key string, request []byte, mutations []string,
	run func(context.Context) *graphql.Response,
) *graphql.Response {
	answer, err := k.once(ctx, key, request, mutations, run)
	if err != nil {
		return &graphql.Response{Errors: gqlerror.List{k.Present(ctx, err)}}
	}
	return answer
}

func (k *Keys) once(ctx context.Context, key string, request []byte, mutations []string,
	run func(context.Context) *graphql.Response,
) (*graphql.Response, error) {
	if err := textrule.Check("Idempotency-Key", key, maxKey); err != nil {
		return nil, err
	}
	hash, err := k.Encrypter.MAC(ctx, "idempotency", request)
	if err != nil {
		return nil, err
	}
	var first *graphql.Response // the answer that the key has
	keyed, operation := job.WithOperationTx(ctx,
		func(context.Context) (err error) {
			if first, err = k.find(ctx, k.Client, key, hash, mutations); first != nil {
				err = made()
			}
			return err
		},
		func() (tx *ent.Tx, err error) {
			if tx, err = k.Client.Tx(ctx); err != nil {
				return nil, err
			}
			if first, err = k.claim(ctx, tx, key, hash, mutations); first != nil {
				err = made()
			}
			if err != nil {
				return nil, errors.Join(err, tx.Rollback())
			}
			return tx, nil
		})
	answer := run(keyed)
	tx, err := operation.Tx()
	switch {
	case first != nil:
		k.tell(nil, "repeated")
		return first, nil
	case err != nil:
		k.tell(err, "failed")
		return nil, err
	case answer == nil || len(answer.Errors) > 0:
		if tx != nil {
			// Rolling back writes the record of what failed; that it failed is
			// what the caller must hear.
			_ = tx.Rollback()
		}
		k.tell(nil, "failed")
		if answer != nil {
			// What the fields that did not fail have changed is undone with the rest.
			answer.Data = nil
		}
		return answer, nil
	}
	return k.keep(ctx, operation, key, answer)
}

// made ends the changes of an operation that was made before. No client sees it.
func made() error { return fault.New(fault.Conflict, "Made before, under the same Idempotency-Key") }

// keep keeps the answer of an operation in its transaction, and ends that.
func (k *Keys) keep(ctx context.Context, operation *job.OperationTx, key string, answer *graphql.Response) (*graphql.Response, error) {
	tx, err := operation.Begin()
	if err != nil {
		k.tell(err, "failed")
		return nil, err
	}
	if err := k.seal(ctx, tx, key, answer.Data); err != nil {
		_ = tx.Rollback()
		k.tell(err, "")
		return nil, err
	}
	err = tx.Commit()
	k.tell(err, "first")
	return answer, err
}

// tell says how the use of a key ended.
func (k *Keys) tell(err error, outcome string) {
	switch {
	case k.Outcome == nil:
		return
	case fault.Is(err, fault.KeyReused):
		outcome = "reused"
	case err != nil:
		outcome = "failed"
	}
	k.Outcome(outcome)
}

// claim takes the key, or returns the answer that it has.
func (k *Keys) claim(ctx context.Context, tx *ent.Tx, key string, hash []byte, mutations []string) (*graphql.Response, error) {
	system, user := viewer.SystemContext(ctx), viewer.FromContext(ctx).ID
	err := tx.IdempotencyKey.Create().
		SetUserID(user).SetKey(key).SetRequestHash(hash).
		OnConflictColumns(idempotencykey.FieldUserID, idempotencykey.FieldKey).DoNothing().
		Exec(system)
	if err == nil {
		return nil, nil
	}
	if fault.Is(store.Fault(err), fault.Timeout) && ctx.Err() == nil {
		return nil, fault.New(fault.Conflict, "A request with this Idempotency-Key is still under way").
			On("Idempotency-Key").Because(err)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	first, err := k.find(ctx, tx.Client(), key, hash, mutations)
	if first == nil && err == nil {
		err = fault.New(fault.Conflict, "This Idempotency-Key is being removed").On("Idempotency-Key")
	}
	return first, err
}

// find returns the answer that the key has, nil for none.
func (k *Keys) find(ctx context.Context, client *ent.Client, key string, hash []byte, mutations []string) (*graphql.Response, error) {
	row, err := client.IdempotencyKey.Query().
		Where(idempotencykey.UserID(viewer.FromContext(ctx).ID), idempotencykey.Key(key)).Only(viewer.SystemContext(ctx))
	if err != nil {
		return nil, ent.MaskNotFound(err)
	}
	if !bytes.Equal(row.RequestHash, hash) {
		return nil, fault.New(fault.KeyReused, "This Idempotency-Key was used for another request").On("Idempotency-Key")
	}
	for _, mutation := range mutations {
		if !rule.MayRepeat(viewer.FromContext(ctx), mutation) {
			return nil, rule.Forbidden()
		}
	}
	answer, err := k.Encrypter.Open(ctx, about(row.UserID, key), row.Answer)
	if err != nil {
		return nil, err
	}
	return &graphql.Response{Data: answer}, nil
}

// seal writes the answer, encrypted.
func (k *Keys) seal(ctx context.Context, tx *ent.Tx, key string, answer []byte) error {
	user := viewer.FromContext(ctx).ID
	sealed, err := k.Encrypter.Seal(ctx, about(user, key), answer)
	if err != nil {
		return err
	}
	return tx.IdempotencyKey.Update().
		Where(idempotencykey.UserID(user), idempotencykey.Key(key)).
		SetAnswer(sealed).Exec(viewer.SystemContext(ctx))
}

// about binds a sealed answer to its key and user.
func about(user uuid.UUID, key string) []byte {
	return append([]byte("idempotency "), append(user[:], key...)...)
}

// Clean removes keys that were kept long enough.
func (k *Keys) Clean(ctx context.Context) error {
	_, err := k.Client.IdempotencyKey.Delete().
		Where(idempotencykey.CreatedAtLT(mixin.Now().Add(-Kept))).Exec(viewer.SystemContext(ctx))
	return err
}
