package store

import (
	"errors"
	"net"
)

// errReading says that a statement came while the rows of another were still
// being read on the same connection, which PostgreSQL's protocol does not
// allow. It is a bug of the caller.
var errReading = errors.New("store: the rows of another statement are still being read on this connection")

// lostError says that a connection ended, or fell silent, while a change was
// under way: it may have been made or not. database/sql does not send it
// again, as it does for driver.ErrBadConn.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	return "store: the connection was lost while a statement was running: " + e.cause.Error()
}

// silentError says that the server did not answer in time, not even to a
// cancellation.
type silentError struct{ cause error }

func (e *silentError) Error() string { return "store: the database is silent: " + e.cause.Error() }
func (e *silentError) Unwrap() error { return e.cause }

// connectError says that no connection could be made.
type connectError struct{ cause error }

func (e *connectError) Error() string { return "store: connect: " + e.cause.Error() }
func (e *connectError) Unwrap() error { return e.cause }

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
