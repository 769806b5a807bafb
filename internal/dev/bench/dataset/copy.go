package dataset

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Copy copies all rows of a PostgreSQL database to an empty SQLite database with the same tables, without checking foreign
// keys.
func Copy(ctx context.Context, from, to *sql.DB) error {
	tables, err := texts(ctx, from, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1")
	if err != nil {
		return err
	}
	for _, table := range tables {
		there, err := texts(ctx, to, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '"+table+"' AND name NOT LIKE 'goose%'")
		if err == nil && len(there) > 0 {
			err = copyTable(ctx, from, to, table)
		}
		if err != nil {
			return fmt.Errorf("copy the table %s: %w", table, err)
		}
	}
	return nil
}

// texts returns the values of the first column of a query.
func texts(ctx context.Context, db *sql.DB, query string) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

func copyTable(ctx context.Context, from, to *sql.DB, table string) (err error) {
	columns, err := texts(ctx, to, "SELECT name FROM pragma_table_info('"+table+"')")
	if err != nil {
		return err
	}
	rows, err := from.QueryContext(ctx, `SELECT "`+strings.Join(columns, `", "`)+`" FROM `+table)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	tx, err := to.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := insertAll(ctx, tx, rows, table, columns); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func insertAll(ctx context.Context, tx *sql.Tx, rows *sql.Rows, table string, columns []string) error {
	insert, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO `+table+` ("`+strings.Join(columns, `", "`)+`") VALUES (?`+strings.Repeat(", ?", len(columns)-1)+")")
	if err != nil {
		return err
	}
	defer insert.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	values, pointers := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		for i, v := range values {
			if text, ok := v.([]byte); ok && types[i].DatabaseTypeName() != "BYTEA" {
				values[i] = string(text)
			}
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}
