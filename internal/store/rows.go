package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"

	"cloudapi/internal/budget"
)

// rows is an open result set. The operation and its context last until it is closed; the driver interface does not pass the
// context again.
type rows struct {
	driver.Rows
	conn   *conn
	ctx    context.Context
	end    func(error)
	failed error
	closed bool
	// budget is charged for the rows, nil if the reader counts itself.
	budget *budget.Budget
}

// Next reads a row.
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
		// Rows were already returned, so the query must not silently run again.
		return r.conn.handleError(r.ctx, err, true)
	}
	if err == nil && r.budget != nil {
		return r.budget.Draw(0, 0, RowSize(dest))
	}
	return err
}

// The memory of a row as an entity, in addition to its values, in bytes.
const (
	entityOverhead = 256
	columnOverhead = 32
)

// RowSize returns the memory of a row. database/sql copies texts, and JSON is held both as text and decoded for a while.
func RowSize(values []driver.Value) int {
	n := entityOverhead + columnOverhead*len(values)
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			n += 2 * len(v)
		case string:
			n += 2 * len(v)
		}
	}
	return n
}

// Close reads the remaining rows and ends the operation.
func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	err := r.Rows.Close()
	r.end(cmp.Or(r.failed, err))
	r.conn.openRows--
	if r.failed != nil {
		return nil // reported by Next
	}
	return r.conn.handleError(r.ctx, err, true)
}

// HasNextResultSet reports whether another result set follows.
func (r *rows) HasNextResultSet() bool {
	sets, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && sets.HasNextResultSet()
}

// NextResultSet moves to the next result set.
func (r *rows) NextResultSet() error {
	if sets, ok := r.Rows.(driver.RowsNextResultSet); ok {
		return sets.NextResultSet()
	}
	return io.EOF
}

// ColumnTypeDatabaseTypeName returns the type of a column, "" if unknown.
func (r *rows) ColumnTypeDatabaseTypeName(index int) string {
	if types, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return types.ColumnTypeDatabaseTypeName(index)
	}
	return ""
}

// ColumnTypeScanType is the Go type that a column can be scanned into.
func (r *rows) ColumnTypeScanType(index int) reflect.Type {
	if types, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return types.ColumnTypeScanType(index)
	}
	return reflect.TypeFor[any]()
}
