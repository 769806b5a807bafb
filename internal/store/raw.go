package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// rawAttempts is how many connections a query tries if they turn out to be dead before the first row. The last one is new.
// database/sql does the same for its own queries.
const rawAttempts = 3

// Rows runs a query and passes its rows to read as the driver returns them, which is much cheaper than database/sql's Scan.
// The values from Next have the driver's types: on PostgreSQL int64, bool, time.Time, float64, string for text and []byte
// for the rest, with uuids in text form; on SQLite int64, float64, string, []byte and, for columns declared datetime,
// time.Time. A []byte is valid until the next call of Next.
//
// The query runs on the server that Driver would choose. It must only read: until the first call of read it may run again.
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

// read runs a query and closes its rows in all cases.
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
