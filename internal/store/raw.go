package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// rawAttempts is how many connections a query tries that turn out to be dead
// before anything was read, the last of which is a new one. database/sql does
// the same for its own queries.
const rawAttempts = 3

// Rows runs a query and hands its rows to read as the driver gives them,
// which costs a good deal less than database/sql's Scan. Values that read
// gets from Next are the driver's: on PostgreSQL int64, bool, time.Time,
// float64, string for text and []byte for the rest, uuids in their text form;
// on SQLite int64, float64, string, []byte and, for columns declared datetime,
// time.Time. A []byte is valid until the next call of Next.
//
// The query runs where Driver would run it. It must only read: it may run
// again as long as nothing has been handed to read.
func (s *Store) Rows(ctx context.Context, query string, args []any, read func(driver.Rows) error) error {
	handed := false
	once := func(found driver.Rows) error {
		handed = true
		return read(found)
	}
	db, b := s.route(ctx, query)
	err := b.runWithHealthCheck(ctx, func(ctx context.Context) error {
		return rawRows(ctx, db, query, args, &handed, once)
	})
	if s.shouldFallBack(ctx, b, err) && !handed {
		return rawRows(ctx, s.writer, query, args, &handed, once)
	}
	return err
}

func rawRows(
	ctx context.Context, db *sql.DB, query string, args []any, handed *bool, read func(driver.Rows) error,
) error {
	for attempt := 1; ; attempt++ {
		err := rawOnce(ctx, db, query, args, read)
		if !errors.Is(err, driver.ErrBadConn) || *handed || attempt == rawAttempts {
			return err
		}
	}
}

func rawOnce(ctx context.Context, db *sql.DB, query string, args []any, read func(driver.Rows) error) error {
	borrowed, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	err = borrowed.Raw(func(driverConn any) error {
		c, ok := driverConn.(*conn)
		if !ok {
			return fmt.Errorf("connection of type %T: %w", driverConn, errors.ErrUnsupported)
		}
		return c.read(ctx, query, args, read)
	})
	if closed := borrowed.Close(); closed != nil && !errors.Is(closed, sql.ErrConnDone) {
		return errors.Join(err, closed)
	}
	return err
}

// read runs a query and closes its rows whatever read does.
func (c *conn) read(ctx context.Context, query string, args []any, read func(driver.Rows) error) (err error) {
	named, err := c.arguments(args)
	if err != nil {
		return err
	}
	found, err := c.QueryContext(ctx, query, named)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	if r, ok := found.(*rows); ok {
		r.budget = nil
	}
	return read(found)
}
