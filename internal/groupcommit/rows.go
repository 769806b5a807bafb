package groupcommit

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"cloudapi/internal/store"
)

// rows are rows that were read, as ent scans them.
type rows struct {
	set store.ResultSet
	at  int // index of the next row
}

func (r *rows) Close() error                            { return nil }
func (r *rows) Columns() ([]string, error)              { return r.set.Columns, nil }
func (r *rows) ColumnTypes() ([]*sql.ColumnType, error) { return nil, errors.ErrUnsupported }
func (r *rows) Err() error                              { return nil }
func (r *rows) NextResultSet() bool                     { return false }

func (r *rows) Next() bool {
	r.at++
	return r.at <= len(r.set.Rows)
}

func (r *rows) Scan(into ...any) error {
	row := r.set.Rows[r.at-1]
	if len(into) != len(row) {
		return fmt.Errorf("groupcommit: %d columns for %d variables", len(row), len(into))
	}
	for i, value := range row {
		if err := assign(into[i], value); err != nil {
			return fmt.Errorf("groupcommit: scan %s: %w", r.set.Columns[i], err)
		}
	}
	return nil
}

// assign converts as database/sql does, which offers that only to Scanners.
func assign(into, value any) error {
	switch d := into.(type) {
	case sql.Scanner:
		return d.Scan(value)
	case *any:
		*d = value
		return nil
	case *driver.Value: // a guid, which is used as an argument again
		if text, ok := value.([]byte); ok {
			value = string(text)
		}
		*d = value
		return nil
	case *entsql.UnknownType:
		*d = value
		return nil
	case *[]byte:
		return convert(d, value)
	case *string:
		return convert(d, value)
	case *int:
		return convert(d, value)
	case *int64:
		return convert(d, value)
	case *float64:
		return convert(d, value)
	case *bool:
		return convert(d, value)
	case *time.Time:
		return convert(d, value)
	}
	return fmt.Errorf("unexpected type %T", into)
}

func convert[T any](into *T, value any) error {
	var v sql.Null[T]
	if err := v.Scan(value); err != nil {
		return err
	}
	*into = v.V
	return nil
}
