// Package idempotency gives the first answer again to a request that is sent
// again under the same key, so that its change is made once.
package idempotency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/ent"
	"cloudapi/ent/idempotencykey"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Kept is how long an answer is kept at least.
const Kept = 24 * time.Hour

// maxKey is the longest key, in characters.
const maxKey = 255

// Keys are the keys in the database.
type Keys struct {
	Client  *ent.Client
	Present graphql.ErrorPresenterFunc
	// Outcome hears how each use of a key ended, nil for nobody: first, repeated
	// (the kept answer was given), reused (for another request) or failed.
	Outcome func(string)
}

// Once runs a mutation in a transaction that holds the key as well. A second
// request with the key waits for the first, and gets its answer; with another
// request it is a fault with code KEY_REUSED. Where the first takes longer than
// the database lets anybody wait for a lock, the second is a conflict. An answer with errors is not
// kept: nothing was changed, and the request may be tried again.
func (k *Keys) Once(ctx context.Context, key string, request []byte,
	run func(context.Context) *graphql.Response,
) *graphql.Response {
	answer, err := k.once(ctx, key, request, run)
	if err != nil {
		return &graphql.Response{Errors: gqlerror.List{k.Present(ctx, err)}}
	}
	return answer
}

func (k *Keys) once(ctx context.Context, key string, request []byte,
	run func(context.Context) *graphql.Response,
) (*graphql.Response, error) {
	if err := textrule.Check("Idempotency-Key", key, maxKey); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(request)
	tx, err := k.Client.Tx(ctx)
	if err != nil {
		return nil, err
	}
	first, err := k.claim(ctx, tx, key, hash[:])
	if err != nil || first != nil {
		k.tell(err, "repeated")
		return first, errors.Join(err, tx.Rollback())
	}
	answer := run(ent.NewTxContext(ctx, tx))
	if answer == nil || len(answer.Errors) > 0 {
		// Rolling back writes the record of what failed; that it failed is
		// what the caller must hear.
		_ = tx.Rollback()
		k.tell(nil, "failed")
		if answer != nil {
			// What the fields that did not fail have changed is undone with the rest.
			answer.Data = nil
		}
		return answer, nil
	}
	err = tx.IdempotencyKey.Update().
		Where(idempotencykey.UserID(viewer.FromContext(ctx).ID), idempotencykey.Key(key)).
		SetAnswer(answer.Data).Exec(viewer.SystemContext(ctx))
	if err != nil {
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
func (k *Keys) claim(ctx context.Context, tx *ent.Tx, key string, hash []byte) (*graphql.Response, error) {
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
	row, err := tx.IdempotencyKey.Query().
		Where(idempotencykey.UserID(user), idempotencykey.Key(key)).Only(system)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(row.RequestHash, hash) {
		return nil, fault.New(fault.KeyReused, "This Idempotency-Key was used for another request").On("Idempotency-Key")
	}
	return &graphql.Response{Data: row.Answer}, nil
}

// Clean removes keys that were kept long enough, until ctx ends.
func (k *Keys) Clean(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		_, err := k.Client.IdempotencyKey.Delete().
			Where(idempotencykey.CreatedAtLT(mixin.Now().Add(-Kept))).Exec(viewer.SystemContext(ctx))
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
