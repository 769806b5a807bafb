package store

import (
	"context"
	"database/sql"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// Driver returns the store as ent's driver. Changes and transactions run on the writer, queries outside a transaction on the
// server that route chooses.
func (s *Store) Driver() dialect.Driver {
	return &entDriver{store: s, writer: entsql.OpenDB(s.dialect, s.writer)}
}

// entDriver is ent's driver. In addition to dialect.Driver it implements what ent finds by type assertion: BeginTx,
// ExecContext and QueryContext.
type entDriver struct {
	store  *Store
	writer *entsql.Driver
}

func (d *entDriver) Dialect() string { return d.store.dialect }

func (d *entDriver) Exec(ctx context.Context, query string, args, v any) error {
	return d.writer.Exec(ctx, query, args, v)
}

func (d *entDriver) Query(ctx context.Context, query string, args, v any) error {
	db, b := d.store.route(ctx, query)
	err := b.runWithHealthCheck(ctx, func(ctx context.Context) error {
		return entsql.OpenDB(d.store.dialect, db).Query(ctx, query, args, v)
	})
	if d.store.shouldFallBack(ctx, b, err) {
		return d.writer.Query(ctx, query, args, v)
	}
	return err
}

func (d *entDriver) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.store.writer.ExecContext(ctx, query, args...)
}

func (d *entDriver) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	db, b := d.store.route(ctx, query)
	var found *sql.Rows
	err := b.runWithHealthCheck(ctx, func(ctx context.Context) (err error) {
		found, err = db.QueryContext(ctx, query, args...) //nolint:rowserrcheck,sqlclosecheck // the caller checks and closes them
		return err
	})
	if d.store.shouldFallBack(ctx, b, err) {
		return d.store.writer.QueryContext(ctx, query, args...)
	}
	return found, err
}

// Tx begins a transaction, or returns the one in ctx.
func (d *entDriver) Tx(ctx context.Context) (dialect.Tx, error) {
	if tx, ok := ctx.Value(txKey{}).(dialect.Tx); ok {
		return tx, nil
	}
	return d.BeginTx(ctx, nil)
}

type txKey struct{}

// WithTx returns a context whose transactions are tx, which the caller commits.
func WithTx(ctx context.Context, tx dialect.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

// BeginTx begins a transaction. A read-only one does not block SQLite's writer.
func (d *entDriver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	if opts != nil && opts.ReadOnly {
		return entsql.OpenDB(d.store.dialect, d.store.reader).BeginTx(ctx, opts)
	}
	return d.writer.BeginTx(ctx, opts)
}

// Close closes the store.
func (d *entDriver) Close() error { return d.store.Close() }
