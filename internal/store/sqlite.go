package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	lite "modernc.org/sqlite"
)

// busyTimeout is how long a connection waits for a change of another process, in milliseconds. Within this process changes
// queue for the one writer, and wait no longer than their contexts.
const busyTimeout = "busy_timeout(10000)"

// walLimit is the size, in bytes, to which the WAL is truncated when it restarts.
const walLimit = "journal_size_limit(16777216)"

// sqliteConnector opens connections to an SQLite file.
type sqliteConnector struct {
	driver.Connector
	statements int
	counters   *counters
}

// newSQLiteConnector prepares connections that write, or that only read.
func newSQLiteConnector(path string, readOnly bool, o Options, t *counters) (*sqliteConnector, error) {
	c, err := lite.NewConnector(sqliteDSN(path, readOnly, o.WriterCache))
	if err != nil {
		return nil, fmt.Errorf("configure SQLite: %w", err)
	}
	return &sqliteConnector{Connector: c, statements: o.Statements, counters: t}, nil
}

func sqliteDSN(path string, readOnly bool, writerCache int) string {
	query := url.Values{
		"_pragma": {
			busyTimeout, // first, because the others may have to wait
			"journal_mode(WAL)",
			"synchronous(FULL)",
			"foreign_keys(1)",
			// A long read prevents SQLite from restarting its WAL, which then grows. Afterwards the file is truncated to
			// this size.
			walLimit,
			// The same as on PostgreSQL.
			"case_sensitive_like(1)",
		},
		// A text form that sorts in the order of time: always UTC, and "+", which follows whole seconds, sorts before ".".
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
		// A transaction that may write takes the lock when it begins: if it read first, it could fail to get it later.
		"_txlock": {"immediate"},
	}
	if readOnly {
		query.Add("_pragma", "query_only(1)")
	} else if writerCache > 0 {
		query.Add("_pragma", fmt.Sprintf("cache_size(-%d)", writerCache>>10))
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	return file.String() + "?" + query.Encode()
}

// Connect opens a connection.
func (c *sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	session, ok := opened.(driverConn)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, opened.Close())
	}
	return newConn(session, nil, 0, c.statements, c.counters)
}
