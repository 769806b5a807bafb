package customer

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// recordingDriver is a driver under ent that keeps changes back, so that they can be
// made in one statement of another form. What is inserted is read from ent's
// mutations; of an update the text and the arguments are kept. Once they are
// joined, the next query runs the statement, and has its rows; everything after
// it goes straight to the database.
type recordingDriver struct {
	dialect.Driver
	query  string
	args   []any
	joined bool // query is complete
	begun  bool // it was sent, and its rows have begun to come
}

// Exec keeps a change back.
func (d *recordingDriver) Exec(ctx context.Context, query string, args, result any) error {
	switch {
	case d.begun:
		return d.Driver.Exec(ctx, query, args, result)
	case strings.HasPrefix(query, "INSERT "):
		return nil
	case strings.HasPrefix(query, "UPDATE ") && d.query == "":
		d.query, d.args = query, args.([]any)
		*result.(*sql.Result) = driver.RowsAffected(0)
		return nil
	default:
		return fmt.Errorf("customer: cannot be deferred: %s", query)
	}
}

// Query runs the statement, once.
func (d *recordingDriver) Query(ctx context.Context, query string, args, rows any) error {
	switch {
	case d.begun:
		return d.Driver.Query(ctx, query, args, rows)
	case !d.joined:
		return fmt.Errorf("customer: cannot be deferred: %s", query)
	}
	err := d.Driver.Query(ctx, d.query, d.args, rows)
	d.begun, d.args = err == nil, nil // what it has given outlives it
	return err
}
