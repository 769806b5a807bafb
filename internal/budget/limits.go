package budget

import (
	"cmp"
	"errors"
	"time"

	"cloudapi/internal/fault"
)

// Limits bounds operations. A zero means the default, which each comment gives.
type Limits struct {
	Objects int // in one answer: 1,000,000
	Bytes   int // in one answer: 32 MiB
	// Held is the estimated memory, in bytes, of all concurrent operations of one caller: 128 MiB.
	Held int
}

// OrDefault returns the limits with each zero replaced by the default.
func (l Limits) OrDefault() Limits {
	return Limits{
		Objects: cmp.Or(l.Objects, 1_000_000),
		Bytes:   cmp.Or(l.Bytes, 32<<20),
		Held:    cmp.Or(l.Held, 128<<20),
	}
}

// ErrExceeded is the cause of the fault of each limit.
var ErrExceeded = errors.New("a limit of the budget is exceeded")

func (l Limits) tooManyObjects() *fault.Fault {
	return fault.New(fault.TooLarge,
		"The answer has more than %d objects; ask for smaller pages, fewer levels, or less in one operation", l.Objects).
		Because(ErrExceeded).With("limit", "objects").With("max", l.Objects)
}

func (l Limits) tooManyBytes() *fault.Fault {
	return fault.New(fault.TooLarge,
		"The answer has more than %d bytes; ask for smaller pages, fewer fields, or less in one operation", l.Bytes).
		Because(ErrExceeded).With("limit", "answer").With("max", l.Bytes)
}

// retryAfter is when memory of the caller's other operations is likely to be free.
const retryAfter = time.Second

// tooMuchHeld returns the fault for too much memory. Its message depends on whether the operation alone exceeds the limit.
func (l Limits) tooMuchHeld(held int64) *fault.Fault {
	if held > int64(l.Held)/2 {
		return fault.New(fault.TooLarge,
			"The operation needs too much memory: all operations of a caller may hold %d bytes at the same time; "+
				"ask for smaller pages, fewer fields, or less in one operation", l.Held).
			Because(ErrExceeded).With("limit", "memory").With("max", l.Held)
	}
	return fault.New(fault.TooMany,
		"Your operations together need too much memory: they may hold %d bytes at the same time; "+
			"run fewer of them at once, or ask for smaller pages", l.Held).
		Because(ErrExceeded).After(retryAfter).With("limit", "memory").With("max", l.Held)
}
