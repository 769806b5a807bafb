package api

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/internal/textrule"
)

// foldBatch is how many rows one transaction updates.
const foldBatch = 500

// foldTexts fills the columns of case-folded texts that a migration has added to existing rows. SQL folds case differently
// from textrule.Fold.
func foldTexts(ctx context.Context, client *ent.Client, dialect string) error {
	for _, c := range []struct{ table, column string }{
		{customer.Table, customer.FieldCity}, {clouduser.Table, clouduser.FieldName}, {clouduser.Table, clouduser.FieldEmail},
		{cloudusergroup.Table, cloudusergroup.FieldName}, {cloudspace.Table, cloudspace.FieldName},
	} {
		f := columnFolder{client: client, dialect: dialect, table: c.table, column: c.column}
		for done := false; !done; {
			var err error
			if done, err = f.page(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// columnFolder fills the folded column of one column.
type columnFolder struct {
	client                 *ent.Client
	dialect, table, column string
	last                   uuid.UUID
}

// page folds the texts of some rows. It reports whether there are no more.
func (f *columnFolder) page(ctx context.Context) (done bool, err error) {
	t := sql.Dialect(f.dialect).Table(f.table)
	folded := textrule.FoldedColumn(f.column)
	query, args := sql.Dialect(f.dialect).Select(t.C("id"), t.C(f.column)).From(t).
		Where(sql.And(sql.EQ(t.C(folded), ""), sql.NEQ(t.C(f.column), ""), sql.GT(t.C("id"), f.last))).
		OrderBy(t.C("id")).Limit(foldBatch).Query()
	texts, err := f.read(ctx, query, args)
	if err != nil || len(texts) == 0 {
		return true, err
	}
	tx, err := f.client.Tx(ctx)
	if err != nil {
		return false, err
	}
	for id, text := range texts {
		update, args := sql.Dialect(f.dialect).Update(f.table).Set(folded, textrule.Fold(text)).
			Where(sql.And(sql.EQ("id", id), sql.EQ(f.column, text))).Query()
		if _, err := tx.ExecContext(ctx, update, args...); err != nil {
			_ = tx.Rollback()
			return false, err
		}
	}
	return len(texts) < foldBatch, tx.Commit()
}

// read reads texts by their guids.
func (f *columnFolder) read(ctx context.Context, query string, args []any) (map[uuid.UUID]string, error) {
	rows, err := f.client.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	texts := map[uuid.UUID]string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&f.last, &text); err != nil {
			return nil, err
		}
		texts[f.last] = text
	}
	return texts, rows.Err()
}
