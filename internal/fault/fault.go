// Package fault has the one error type of the program: a code from a closed list, a message for a person, the field it
// concerns, and a cause, which appears only in the log.
package fault

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Code is a kind of error. The list is closed: each API maps every code, and a test checks that.
type Code string

// The codes. Code.Status has the HTTP status of each.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // no credentials or wrong ones
	Forbidden       Code = "FORBIDDEN"       // valid credentials without the right
	NotFound        Code = "NOT_FOUND"       // does not exist, or the caller may not see it
	Invalid         Code = "BAD_USER_INPUT"  // an argument is missing, malformed or violates a rule
	Conflict        Code = "CONFLICT"        // another row exists, or the object has changed
	KeyReused       Code = "KEY_REUSED"      // an idempotency key was used for a different request
	TooLarge        Code = "TOO_LARGE"       // exceeds a size limit
	TooMany         Code = "RATE_LIMITED"    // too many requests, or too costly
	Timeout         Code = "TIMEOUT"         // the time limit was reached
	Unavailable     Code = "UNAVAILABLE"     // the database or the portal does not respond
	Internal        Code = "INTERNAL"        // a bug or failure of the server
)

// Codes returns all codes, for tests and metrics.
func Codes() []Code {
	return []Code{
		Unauthenticated, Forbidden, NotFound, Invalid, Conflict, KeyReused,
		TooLarge, TooMany, Timeout, Unavailable, Internal,
	}
}

// Fault is an error whose message may be shown to clients.
type Fault struct {
	Code    Code
	Message string
	// Field is the argument or field that the fault concerns, "" for none.
	Field string
	// Cause appears only in the log.
	Cause error
	// RetryAfter is when a retry is useful, 0 if unknown.
	RetryAfter time.Duration
	// Details are additional extensions, shown with the code.
	Details map[string]any
	// More has the other faults of the same input.
	More []*Fault

	format string // of the message
}

// New returns a fault with a message for a person.
func New(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...), format: format}
}

// verb matches a formatting verb of package fmt.
var verb = regexp.MustCompile(`%[-+# 0-9.]*[a-zA-Z]`)

// Reason returns the code and the message's format without its values, which may come from the caller.
func (f *Fault) Reason() string {
	return string(f.Code) + ": " + strings.ReplaceAll(verb.ReplaceAllLiteralString(f.format, "…"), "%%", "%")
}

// Error returns the message, without the cause.
func (f *Fault) Error() string { return f.Message }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// On sets the field that the fault concerns.
func (f *Fault) On(field string) *Fault {
	f.Field = field
	return f
}

// Because sets the cause for the log.
func (f *Fault) Because(cause error) *Fault {
	f.Cause = cause
	return f
}

// With adds a detail.
func (f *Fault) With(key string, value any) *Fault {
	if f.Details == nil {
		f.Details = make(map[string]any)
	}
	f.Details[key] = value
	return f
}

// After sets when a retry is useful.
func (f *Fault) After(d time.Duration) *Fault {
	f.RetryAfter = d
	return f
}

// Missing returns the fault for an object that does not exist, or that the caller may not see; the two are indistinguishable
// (CONTRACT.md, 1).
func Missing(kind string, id fmt.Stringer) *Fault {
	return New(NotFound, "%s with guid %s not found.", kind, id)
}

// Stale returns the fault for an object that has changed since the caller read it.
func Stale(kind string, id, current, expected fmt.Stringer) *Fault {
	return New(Conflict, "%s %s has version %s, not %s", kind, id, current, expected).
		On("expectedVersion").With("currentVersion", current.String())
}

// AuthenticationFailed returns the one fault for missing or wrong credentials, an unknown login and a disabled user.
func AuthenticationFailed() *Fault { return New(Unauthenticated, "Authentication failed") }

// InternalMessage is what clients see of a fault with the code INTERNAL, besides the request id.
const InternalMessage = "Internal server error"

// As returns the fault in err's chain, or an INTERNAL fault with err as its cause.
func As(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return New(Internal, InternalMessage).Because(err)
}

// Is reports whether err is a fault with the code.
func Is(err error, code Code) bool {
	return err != nil && As(err).Code == code
}
