package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"cloudapi/internal/fault"
)

// retryAfter is the Retry-After value while the database is unavailable: a restart takes a few seconds, a failover not much
// longer.
const retryAfter = 5 * time.Second

// The messages for clients. The database's own message is only in the cause.
const (
	msgUnavailable   = "The database is not available at the moment."
	msgUncertain     = "The connection to the database was lost: the change may have been made or not."
	msgTimeout       = "The database did not answer in the time allowed."
	msgFull          = "The database has no room left: nothing can be changed until there is."
	msgIOError       = "The database cannot read or write its file."
	msgBusy          = "The database is busy with another change."
	msgDuplicate     = "Something with the same value exists already."
	msgReferenced    = "Something that this refers to, or that refers to this, is in the way."
	msgSerialization = "Another change came in between. Try again."
	msgRejected      = "A value is refused by a rule of the database."
	msgTooLarge      = "A number is too large."
)

// Fault converts an error of the database to a *fault.Fault with err as its cause. It returns nil, faults and other errors
// unchanged.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Fault](err); ok {
		return err
	}
	if f := classify(err); f != nil {
		return f.Because(err)
	}
	return err
}

// classify returns the fault for an error, nil for an unknown one. An answer of the database takes precedence over the end
// of the call's context; so does a silent or closed server.
func classify(err error) *fault.Fault {
	_, unconnected := errors.AsType[*connectError](err)
	if answer, ok := errors.AsType[*pq.Error](err); ok {
		f := classifyPostgres(answer)
		if f == nil && unconnected {
			// A wrong password, or a missing database: the operator must correct it. Until then the database is unavailable.
			f = fault.New(fault.Unavailable, msgUnavailable).After(retryAfter)
		}
		return f
	}
	if answer, ok := errors.AsType[*lite.Error](err); ok {
		return classifySQLite(answer.Code())
	}
	if _, ok := errors.AsType[*lostError](err); ok {
		return fault.New(fault.Unavailable, msgUncertain).After(retryAfter)
	}
	_, silent := errors.AsType[*timeoutError](err)
	_, network := errors.AsType[net.Error](err)
	// Every context error is a net.Error too. database/sql rolls a transaction back as soon as its context ends and then
	// returns ErrTxDone to its owner.
	ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrTxDone)
	switch {
	case silent, network && !ended, unconnected && !ended,
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return fault.New(fault.Unavailable, msgUnavailable).After(retryAfter)
	case ended:
		return fault.New(fault.Timeout, msgTimeout)
	default:
		return nil
	}
}

func classifyPostgres(e *pq.Error) *fault.Fault {
	switch e.Code {
	case pqerror.UniqueViolation, pqerror.ExclusionViolation:
		return fault.New(fault.Conflict, msgDuplicate)
	case pqerror.ForeignKeyViolation, pqerror.RestrictViolation:
		return fault.New(fault.Conflict, msgReferenced)
	case pqerror.CheckViolation, pqerror.NotNullViolation:
		return fault.New(fault.Invalid, msgRejected)
	case pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected:
		return fault.New(fault.Conflict, msgSerialization).After(time.Second)
	case pqerror.QueryCanceled, pqerror.LockNotAvailable:
		return fault.New(fault.Timeout, msgTimeout)
	case pqerror.NumericValueOutOfRange:
		return fault.New(fault.Invalid, msgTooLarge)
	case pqerror.DiskFull:
		return fault.New(fault.Unavailable, msgFull).After(retryAfter)
	}
	switch {
	case e.Code.Class() == "22":
		return fault.New(fault.Invalid, msgRejected)
	case isUnavailableCode(e.Code), isStale(e):
		return fault.New(fault.Unavailable, msgUnavailable).After(retryAfter)
	default:
		return nil
	}
}

// isUnavailableCode reports whether a code means that this server or session is unavailable: starting, shutting down, full, or not
// the primary.
func isUnavailableCode(code pqerror.Code) bool {
	switch code {
	case pqerror.ReadOnlySQLTransaction, pqerror.IdleInTransactionSessionTimeout:
		return true
	}
	switch code.Class() {
	case "08", "53", "57", "58":
		return code != pqerror.QueryCanceled
	default:
		return false
	}
}

// classifySQLite classifies SQLite's extended result codes (sqlite.org/rescode.html). The lowest byte is the class.
func classifySQLite(code int) *fault.Fault {
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fault.New(fault.Conflict, msgDuplicate)
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY, lib.SQLITE_CONSTRAINT_TRIGGER:
		return fault.New(fault.Conflict, msgReferenced)
	}
	switch code & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG:
		return fault.New(fault.Invalid, msgRejected)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fault.New(fault.Unavailable, msgBusy).After(time.Second)
	case lib.SQLITE_FULL:
		return fault.New(fault.Unavailable, msgFull).After(retryAfter)
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY,
		lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_NOMEM:
		return fault.New(fault.Unavailable, msgIOError).After(retryAfter)
	case lib.SQLITE_INTERRUPT:
		return fault.New(fault.Timeout, msgTimeout)
	default:
		return nil
	}
}
