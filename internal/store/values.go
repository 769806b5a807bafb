package store

import (
	"database/sql/driver"
	"errors"
	"time"
)

// CheckNamedValue converts an argument to a type that the driver accepts. Times become UTC with microseconds, which is
// PostgreSQL's precision: PostgreSQL would round, and SQLite would keep nanoseconds.
func (c *conn) CheckNamedValue(nv *driver.NamedValue) error {
	err := driver.ErrSkip
	if checker, ok := c.driverConn.(driver.NamedValueChecker); ok {
		err = checker.CheckNamedValue(nv)
	}
	if errors.Is(err, driver.ErrSkip) {
		nv.Value, err = driver.DefaultParameterConverter.ConvertValue(nv.Value)
	}
	if t, ok := nv.Value.(time.Time); ok {
		nv.Value = t.UTC().Truncate(time.Microsecond)
	}
	return err
}

// arguments converts the arguments of a raw query, as database/sql does for its own.
func (c *conn) arguments(args []any) ([]driver.NamedValue, error) {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
		if err := c.CheckNamedValue(&named[i]); err != nil {
			return nil, err
		}
	}
	return named, nil
}
