package budget

import (
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
