package store

import (
	"errors"
	"net"
)

// errReading means that a statement was sent while the rows of another were
// still being read on the same connection, which PostgreSQL's protocol does not
// allow. It is a bug in the caller.
var errReading = errors.New("store: the rows of another statement are still being read on this connection")

// lostError means that a connection failed during a change: the change may or may not have been made. database/sql does not
// send it again, as it would for driver.ErrBadConn.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	return "store: the connection was lost while a statement was running: " + e.cause.Error()
}

// timeoutError means that the server did not answer in time, not even to a cancellation.
type timeoutError struct{ cause error }

func (e *timeoutError) Error() string { return "store: the database is silent: " + e.cause.Error() }
func (e *timeoutError) Unwrap() error { return e.cause }

// connectError means that no connection could be made.
type connectError struct{ cause error }

func (e *connectError) Error() string { return "store: connect: " + e.cause.Error() }
func (e *connectError) Unwrap() error { return e.cause }

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
