// Package idempotency stores the answer of a mutation sent with an Idempotency-Key and returns it when the request is sent
// again, so that the change is made once.
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
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/stamp"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Retention is the minimum time for which an answer is stored.
const Retention = 24 * time.Hour

// MaxAnswer is the maximum size of a stored answer, in bytes.
const MaxAnswer = 1 << 20

// Encrypter encrypts answers and hashes requests with the server's key.
type Encrypter interface {
	MAC(ctx context.Context, purpose string, data []byte) ([]byte, error)
	Seal(ctx context.Context, about, data []byte) ([]byte, error)
	Open(ctx context.Context, about, sealed []byte) ([]byte, error)
}

// Keys stores keys in the database. A request may contain passwords and an answer may contain tokens, so it stores a keyed
// hash of the request and encrypts the answer.
type Keys struct {
	Client    *ent.Client
	Encrypter Encrypter
	Present   graphql.ErrorPresenterFunc
	// Outcome is called after each use of a key, and may be nil. The values: first, repeated (the stored answer was
	// returned), reused (for a different request), failed.
	Outcome func(string)
}

// Once runs a mutation in a transaction that also stores the key and the answer. A second request with the key waits for the
// first and gets its answer. It fails with KEY_REUSED if the request differs, and with CONFLICT if the first takes longer
// than the database's lock timeout. An answer with errors is not stored: everything is rolled back, and the request may be
// sent again; an answer with more than MaxAnswer bytes is such an error, TOO_LARGE. The stored answer is returned only to a
// caller whose role still allows all of the mutations.
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
	if err := textrule.Check("Idempotency-Key", key, textrule.MaxName); err != nil {
		return nil, err
	}
	hash, err := k.Encrypter.MAC(ctx, "idempotency", request)
	if err != nil {
		return nil, err
	}
	var first *graphql.Response // the stored answer
	keyed, operation := job.WithOperationTx(ctx,
		func(context.Context) (err error) {
			if first, err = k.find(ctx, k.Client, key, hash, mutations); first != nil {
				err = errReplayed()
			}
			return err
		},
		func() (tx *ent.Tx, err error) {
			if tx, err = k.Client.Tx(ctx); err != nil {
				return nil, err
			}
			if first, err = k.claim(ctx, tx, key, hash, mutations); first != nil {
				err = errReplayed()
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
		k.report(nil, "repeated")
		return first, nil
	case err != nil:
		k.report(err, "failed")
		return nil, err
	case answer == nil || len(answer.Errors) > 0:
		if tx != nil {
			// Rollback writes the job of the failed change; its own error must not replace the failure.
			_ = tx.Rollback()
		}
		k.report(nil, "failed")
		if answer != nil {
			// The rollback also undoes the changes of the fields that did not fail.
			answer.Data = nil
		}
		return answer, nil
	}
	return k.store(ctx, operation, key, answer)
}

// errReplayed ends the work of an operation that already has a stored answer. No client sees it.
func errReplayed() error {
	return fault.New(fault.Conflict, "Made before, under the same Idempotency-Key")
}

// store stores the answer of an operation in its transaction, and commits.
func (k *Keys) store(ctx context.Context, operation *job.OperationTx, key string, answer *graphql.Response) (*graphql.Response, error) {
	tx, err := operation.Begin()
	if err != nil {
		k.report(err, "failed")
		return nil, err
	}
	if err := k.seal(ctx, tx, key, answer.Data); err != nil {
		_ = tx.Rollback()
		k.report(err, "")
		return nil, err
	}
	err = tx.Commit()
	k.report(err, "first")
	return answer, err
}

// report calls Outcome.
func (k *Keys) report(err error, outcome string) {
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

// claim inserts the key, or returns its stored answer.
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

// find returns the stored answer of the key, nil for none.
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
	answer, err := k.Encrypter.Open(ctx, additionalData(row.UserID, key), row.Answer)
	if err != nil {
		return nil, err
	}
	return &graphql.Response{Data: answer}, nil
}

// seal stores the encrypted answer. An answer with more than MaxAnswer bytes is TOO_LARGE.
func (k *Keys) seal(ctx context.Context, tx *ent.Tx, key string, answer []byte) error {
	if len(answer) > MaxAnswer {
		return fault.New(fault.TooLarge,
			"The answer has %d bytes; with an Idempotency-Key at most %d are allowed: select fewer fields", len(answer), MaxAnswer).
			On("Idempotency-Key").With("limit", "storedAnswer").With("max", MaxAnswer).With("asked", len(answer))
	}
	user := viewer.FromContext(ctx).ID
	sealed, err := k.Encrypter.Seal(ctx, additionalData(user, key), answer)
	if err != nil {
		return err
	}
	return tx.IdempotencyKey.Update().
		Where(idempotencykey.UserID(user), idempotencykey.Key(key)).
		SetAnswer(sealed).Exec(viewer.SystemContext(ctx))
}

// additionalData returns the data that binds an encrypted answer to its key and user.
func additionalData(user uuid.UUID, key string) []byte {
	return append([]byte("idempotency "), append(user[:], key...)...)
}

// Clean removes expired keys.
func (k *Keys) Clean(ctx context.Context) error {
	_, err := k.Client.IdempotencyKey.Delete().
		Where(idempotencykey.CreatedAtLT(stamp.Now().Add(-Retention))).Exec(viewer.SystemContext(ctx))
	return err
}
