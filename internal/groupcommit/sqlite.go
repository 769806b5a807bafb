package groupcommit

import (
	"context"

	"entgo.io/ent/dialect"

	"cloudapi/internal/service"
	"cloudapi/internal/store"
)

// inTurn makes the changes of a group one after another in one transaction, each after a savepoint.
func (c *Committer) inTurn(ctx context.Context, all []*member) {
	tx, err := c.store.Driver().Tx(ctx)
	if err != nil {
		return
	}
	for _, m := range all {
		if m.outcome, err = behindSavepoint(ctx, tx, m); err != nil {
			_ = tx.Rollback()
			for _, other := range all {
				other.outcome = errAlone
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

// behindSavepoint makes a change and returns its error. The second error is that of the transaction, which is then lost.
func behindSavepoint(ctx context.Context, tx dialect.Tx, m *member) (outcome, lost error) {
	if lost = tx.Exec(ctx, "SAVEPOINT change", []any{}, nil); lost != nil {
		return errAlone, lost
	}
	own := store.WithTx(joined{Context: ctx, values: m.ctx}, part{tx})
	outcome = service.Recovered(func() error { return m.change.Work(own) })
	if outcome != nil {
		if lost = tx.Exec(ctx, "ROLLBACK TO change", []any{}, nil); lost != nil {
			return errAlone, lost
		}
	}
	return outcome, tx.Exec(ctx, "RELEASE change", []any{}, nil)
}

// part is a transaction that others end.
type part struct{ dialect.Tx }

func (part) Commit() error   { return nil }
func (part) Rollback() error { return nil }
