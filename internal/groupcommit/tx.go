package groupcommit

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	entsql "entgo.io/ent/dialect/sql"

	"cloudapi/internal/budget"
	"cloudapi/internal/store"
)

// tx is a transaction for ent. It queues statements whose results are not needed, and sends them with the next statement
// whose result is needed.
type tx struct {
	store *store.Store
	ctx   context.Context // of the caller
	// reads is true if the transaction may read.
	reads bool
	// send sends statements; only the last returns rows.
	send            func([]store.Statement) (store.ResultSet, error)
	pending         []store.Statement
	endObservations []func(error) // of the observers of pending statements
	updated         *updated
}

// updated is the row after the last update of an object, which ent reads next.
type updated struct {
	table string
	id    any
	set   store.ResultSet
}

// Exec queues an INSERT, and runs other statements.
func (t *tx) Exec(ctx context.Context, query string, args, result any) error {
	list, ok := args.([]any)
	if !ok {
		return fmt.Errorf("groupcommit: arguments of type %T", args)
	}
	affected := int64(1) // of an INSERT; ent ignores it
	if store.Verb(query) == "insert" {
		t.enqueue(ctx, query, list)
	} else {
		table, id := updateTarget(query, list)
		returning := " RETURNING 1"
		if table != "" {
			returning = " RETURNING *"
		}
		set, err := t.flush(ctx, query+returning, list)
		if err != nil {
			return err
		}
		if affected = int64(len(set.Rows)); store.Verb(query) == "update" {
			t.updated = &updated{table, id, set}
		}
	}
	if r, ok := result.(*sql.Result); ok {
		*r = driver.RowsAffected(affected)
	}
	return nil
}

// updateTarget returns the table and the object of an update of one object.
func updateTarget(query string, args []any) (table string, id any) {
	const where = ` WHERE "id" = $`
	before, after, found := strings.Cut(query, where)
	rest, isUpdate := strings.CutPrefix(before, `UPDATE "`)
	digits, _, _ := strings.Cut(after, " ")
	n, err := strconv.Atoi(digits)
	if !found || !isUpdate || err != nil || n < 1 || n > len(args) {
		return "", nil
	}
	table, _, _ = strings.Cut(rest, `"`)
	return table, args[n-1]
}

// Query runs a statement that returns rows. The rows that ent reads after an update of one object came with the update.
func (t *tx) Query(ctx context.Context, query string, args, result any) error {
	list, ok := args.([]any)
	into, isRows := result.(*entsql.Rows)
	if !ok || !isRows {
		return fmt.Errorf("groupcommit: arguments of type %T for rows of type %T", args, result)
	}
	if u := t.updated; u != nil && u.table != "" && len(list) == 1 && list[0] == u.id &&
		strings.HasSuffix(query, ` FROM "`+u.table+`" WHERE "id" = $1`) {
		t.updated = nil
		*into = entsql.Rows{ColumnScanner: &rows{set: u.set}}
		return nil
	}
	if !t.reads && store.Verb(query) == "select" {
		return errNotGrouped // contradicts OnlyWrites
	}
	set, err := t.flush(ctx, query, list)
	if err != nil {
		return err
	}
	for _, row := range set.Rows {
		if err := budget.From(t.ctx).Draw(0, 0, store.RowSize(row)); err != nil {
			return err
		}
	}
	*into = entsql.Rows{ColumnScanner: &rows{set: set}}
	return nil
}

// Commit and Rollback do nothing here: the owner of the transaction ends it.
func (t *tx) Commit() error   { return nil }
func (t *tx) Rollback() error { return nil }

func (t *tx) enqueue(ctx context.Context, query string, args []any) {
	t.pending = append(t.pending, store.Statement{Query: query, Args: args})
	t.endObservations = append(t.endObservations, t.store.Observe(ctx, query))
}

// flush sends the queued statements and one that returns rows.
func (t *tx) flush(ctx context.Context, query string, args []any) (store.ResultSet, error) {
	t.enqueue(ctx, query, args)
	set, err := t.send(t.pending)
	t.endPending(err)
	return set, err
}

// endPending ends the observation of the queued statements.
func (t *tx) endPending(err error) {
	for _, end := range t.endObservations {
		end(err)
	}
	t.pending, t.endObservations = nil, nil
}
