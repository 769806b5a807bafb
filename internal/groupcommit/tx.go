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

// tx is a transaction as ent sees it. It keeps statements back whose results are not needed, and sends them with the next
// statement whose result is needed.
type tx struct {
	store *store.Store
	ctx   context.Context // of the caller
	// reads is true if the transaction may read.
	reads bool
	// send sends statements; only the last returns rows.
	send    func([]store.Statement) (store.ResultSet, error)
	pending []store.Statement
	ends    []func(error) // of the observers of pending statements
	updated *updated
}

// updated is the row after the last update of an object, which ent reads next.
type updated struct {
	table string
	id    any
	set   store.ResultSet
}

// Exec keeps an INSERT back, and runs other statements.
func (t *tx) Exec(ctx context.Context, query string, args, result any) error {
	list, ok := args.([]any)
	if !ok {
		return fmt.Errorf("groupcommit: arguments of type %T", args)
	}
	affected := int64(1) // of an INSERT; ent ignores it
	if store.Verb(query) == "insert" {
		t.keep(ctx, query, list)
	} else {
		table, id := target(query, list)
		returning := " RETURNING 1"
		if table != "" {
			returning = " RETURNING *"
		}
		set, err := t.run(ctx, query+returning, list)
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

// target returns the table and the object of an update of one object.
func target(query string, args []any) (table string, id any) {
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
		return errAlone // it said that it only writes
	}
	set, err := t.run(ctx, query, list)
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

func (t *tx) keep(ctx context.Context, query string, args []any) {
	t.pending = append(t.pending, store.Statement{Query: query, Args: args})
	t.ends = append(t.ends, t.store.Observe(ctx, query))
}

// run sends the statements that were kept back, with a statement that returns rows.
func (t *tx) run(ctx context.Context, query string, args []any) (store.ResultSet, error) {
	t.keep(ctx, query, args)
	set, err := t.send(t.pending)
	t.sent(err)
	return set, err
}

// sent ends the observation of the statements that were kept back.
func (t *tx) sent(err error) {
	for _, end := range t.ends {
		end(err)
	}
	t.pending, t.ends = nil, nil
}
