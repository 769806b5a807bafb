package budget

import (
	"context"
	"errors"
	"time"

	"cloudapi/internal/fault"
)

// maxDuration is the maximum of a call's maxduration.
const maxDuration = 24 * time.Hour

// Duration returns a call's maxduration, which is given in seconds, or a fault that names the parameter.
func Duration(name string, seconds float64) (time.Duration, *fault.Fault) {
	if !(seconds > 0) || seconds > maxDuration.Seconds() { // NaN is invalid too
		return 0, fault.New(fault.Invalid, "%s must be more than 0 and at most %.0f seconds", name, maxDuration.Seconds())
	}
	return max(1, time.Duration(seconds*float64(time.Second))), nil
}

// PageContext returns the context of one page of a list that is written while it is read. The time for a whole list depends on its
// length and on the client's speed, so the end of ctx's own time is ignored. Its cancellation is not.
func PageContext(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx, func() {}
	}
	late := fault.New(fault.Timeout, "A page took longer than %v", limit)
	page, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), limit, late)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return page, func() {
		stop()
		cancel()
	}
}
