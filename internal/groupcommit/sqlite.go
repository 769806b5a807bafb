package groupcommit

import (
	"context"

	"entgo.io/ent/dialect"

	"cloudapi/internal/service"
	"cloudapi/internal/store"
)

// runSequentially makes the changes of a group one after another in one transaction, each after a savepoint.
func (c *Committer) runSequentially(ctx context.Context, all []*member) {
	tx, err := c.store.Driver().Tx(ctx)
	if err != nil {
		return
	}
	for _, m := range all {
		if m.outcome, err = runAfterSavepoint(ctx, tx, m); err != nil {
			_ = tx.Rollback()
			for _, other := range all {
				other.outcome = errNotGrouped
			}
			return
		}
	}
	if err := tx.Commit(); err != nil {
		for _, m := range all {
			if m.outcome == nil {
				m.outcome = err
			}
		}
	}
}

// runAfterSavepoint makes a change and returns its error. The second error is that of the transaction, which is then lost.
func runAfterSavepoint(ctx context.Context, tx dialect.Tx, m *member) (outcome, lost error) {
	if lost = tx.Exec(ctx, "SAVEPOINT change", []any{}, nil); lost != nil {
		return errNotGrouped, lost
	}
	own := store.WithTx(memberContext{Context: ctx, values: m.ctx}, nestedTx{tx})
	outcome = service.Recovered(func() error { return m.change.Work(own) })
	if outcome != nil {
		if lost = tx.Exec(ctx, "ROLLBACK TO change", []any{}, nil); lost != nil {
			return errNotGrouped, lost
		}
	}
	return outcome, tx.Exec(ctx, "RELEASE change", []any{}, nil)
}

// nestedTx is a transaction that others end.
type nestedTx struct{ dialect.Tx }

func (nestedTx) Commit() error   { return nil }
func (nestedTx) Rollback() error { return nil }
