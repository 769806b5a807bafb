// Package fault holds the one error type of the program: a code from a closed
// list, a message for a person, the field it concerns, and the cause, which
// stays in the log.
package fault

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Code says what kind of thing went wrong. The list is closed: each face maps
// every code, and a test holds the maps complete.
type Code string

// The codes. The status each has over HTTP stands in Code.Status.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // no or wrong credentials
	Forbidden       Code = "FORBIDDEN"       // credentials are right, the caller may not
	NotFound        Code = "NOT_FOUND"       // not there, or not for the caller to see
	Invalid         Code = "BAD_USER_INPUT"  // an argument is missing, malformed or refused by a rule
	Conflict        Code = "CONFLICT"        // another row, or a newer version, is in the way
	KeyReused       Code = "KEY_REUSED"      // an idempotency key used for another request
	TooLarge        Code = "TOO_LARGE"       // a request over one of the size limits
	TooMany         Code = "RATE_LIMITED"    // too often, or too costly
	Timeout         Code = "TIMEOUT"         // given up after the time allowed
	Unavailable     Code = "UNAVAILABLE"     // the database or the portal is away
	Internal        Code = "INTERNAL"        // the server's own fault
)

// Codes returns every code, for tests and metrics.
func Codes() []Code {
	return []Code{
		Unauthenticated, Forbidden, NotFound, Invalid, Conflict, KeyReused,
		TooLarge, TooMany, Timeout, Unavailable, Internal,
	}
}

// Fault is an error whose message may be shown to a client.
type Fault struct {
	Code    Code
	Message string
	// Field names the argument or field the fault concerns, "" for none.
	Field string
	// Cause is for the log and never shown.
	Cause error
	// RetryAfter tells when a retry makes sense, 0 for not known.
	RetryAfter time.Duration
	// Details are shown beside the code, in extensions.
	Details map[string]any
	// More are the other faults of the same input.
	More []*Fault

	format string // of the message
}

// New returns a fault with a message for a person.
func New(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...), format: format}
}

// verb is a verb of fmt.
var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// Reason is the code and the message without the values in it, which may be
// the caller's.
func (f *Fault) Reason() string {
	return string(f.Code) + ": " + strings.ReplaceAll(verb.ReplaceAllLiteralString(f.format, "…"), "%%", "%")
}

// Error is the message: the cause is not part of it.
func (f *Fault) Error() string { return f.Message }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// On names the field that the fault concerns.
func (f *Fault) On(field string) *Fault {
	f.Field = field
	return f
}

// Because keeps the cause for the log.
func (f *Fault) Because(cause error) *Fault {
	f.Cause = cause
	return f
}

// With adds a detail to show beside the code.
func (f *Fault) With(key string, value any) *Fault {
	if f.Details == nil {
		f.Details = make(map[string]any)
	}
	f.Details[key] = value
	return f
}

// After tells when a retry makes sense.
func (f *Fault) After(d time.Duration) *Fault {
	f.RetryAfter = d
	return f
}

// Missing is the fault for an object that does not exist, or that the caller
// may not see: one answer for both (CONTRACT.md, 1).
func Missing(kind string, id fmt.Stringer) *Fault {
	return New(NotFound, "%s with guid %s not found.", kind, id)
}

// Stale is the fault for an object that has changed since its caller read it.
func Stale(kind string, id, current, expected fmt.Stringer) *Fault {
	return New(Conflict, "%s %s has version %s, not %s", kind, id, current, expected).
		On("expectedVersion").With("currentVersion", current.String())
}

// As returns the fault in err's chain, or an Internal one that keeps err as
// its cause.
func As(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return New(Internal, "Internal server error").Because(err)
}

// Is reports whether err is a fault of that code.
func Is(err error, code Code) bool {
	return err != nil && As(err).Code == code
}
