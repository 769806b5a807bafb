package auth

import (
	"fmt"
	"testing"
	"time"

	"cloudapi/internal/fault"
)

// clock is a clock that only the test advances.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) sleep(d time.Duration) { c.at = c.at.Add(d) }

func named(text string) (d digest) {
	copy(d[:], text)
	return d
}

// TestBackOff is a table of the attempts for one login from one address. Each step waits, then either attempts to sign in or
// gets a time to wait.
func TestBackOff(t *testing.T) {
	type step struct {
		after  time.Duration
		result string // failed, succeeded, abandoned: how an admitted attempt ends
		wait   time.Duration
	}
	repeat := func(n int, s step) (out []step) {
		for range n {
			out = append(out, s)
		}
		return out
	}
	fails := func(n int) []step { return repeat(n, step{result: "failed"}) }
	join := func(parts ...[]step) (out []step) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"five failures are free", join(fails(5), []step{{wait: time.Second}})},
		{"then the wait doubles", join(fails(5), []step{
			{after: time.Second, result: "failed"}, {wait: 2 * time.Second},
			{after: 2 * time.Second, result: "failed"}, {wait: 4 * time.Second},
			{after: 3 * time.Second, wait: time.Second},
			{after: time.Second, result: "failed"}, {wait: 8 * time.Second},
		})},
		{"up to a minute", join(fails(5), repeat(20, step{after: maxDelay, result: "failed"}), []step{
			{wait: maxDelay}, {after: maxDelay - time.Second, wait: time.Second},
		})},
		{"a success forgives", join(fails(4), []step{{result: "succeeded"}}, fails(5), []step{{wait: time.Second}})},
		{"what says nothing does not count", join(repeat(50, step{result: "abandoned"}), fails(5), []step{{wait: time.Second}})},
		{"time forgives", join(fails(5), []step{{after: forgiveTime, result: "failed"}}, fails(4), []step{{wait: time.Second}})},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			throttle := newThrottle(clock.now)
			for i, s := range c.steps {
				clock.sleep(s.after)
				a, err := throttle.begin(named("pair"), named("address"))
				if s.result == "" {
					if f := fault.As(err); err == nil || f.Code != fault.TooMany || f.RetryAfter != s.wait {
						t.Fatalf("step %d: %v, want a wait of %v", i, err, s.wait)
					}
					continue
				}
				if err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
				map[string]func(){"failed": a.failed, "succeeded": a.succeeded, "abandoned": a.cancel}[s.result]()
			}
		})
	}
}

// TestNobodyLocksOthersOut: whatever an attacker does from one address, a login works from other addresses, and from the
// same one if it has succeeded there before.
func TestNobodyLocksOthersOut(t *testing.T) {
	clock := newClock()
	throttle := newThrottle(clock.now)
	before, err := throttle.begin(named("neighbour"), named("attacker"))
	if err != nil {
		t.Fatal(err)
	}
	before.succeeded()
	for i := range 1000 {
		if a, err := throttle.begin(named(fmt.Sprint("victim from attacker ", i%50)), named("attacker")); err == nil {
			a.failed()
		}
	}
	for name, c := range map[string]struct {
		pair, address string
		in            bool
	}{
		"the attacker, at a new login":     {"new from attacker", "attacker", false},
		"the victim, from its own address": {"victim from home", "home", true},
		"a neighbour that signed in there": {"neighbour", "attacker", true},
	} {
		if _, err := throttle.begin(named(c.pair), named(c.address)); (err == nil) != c.in {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAttemptsAtOnceCount: parallel attempts get no more tries than sequential ones.
func TestAttemptsAtOnceCount(t *testing.T) {
	throttle := newThrottle(newClock().now)
	var under []*attempt
	for range 100 {
		if a, err := throttle.begin(named("pair"), named("address")); err == nil {
			under = append(under, a)
		}
	}
	if len(under) != freePerPair {
		t.Errorf("%d attempts at once, want %d", len(under), freePerPair)
	}
	for _, a := range under {
		a.failed()
	}
	if _, err := throttle.begin(named("pair"), named("address")); !fault.Is(err, fault.TooMany) {
		t.Errorf("after them: %v", err)
	}
}

func TestThrottleIsBounded(t *testing.T) {
	throttle := newThrottle(newClock().now)
	for i := range tableSize + 1000 {
		if a, err := throttle.begin(named(fmt.Sprint("p", i)), named(fmt.Sprint("a", i))); err != nil {
			t.Fatal(err)
		} else if i%2 == 0 {
			a.failed()
		} else {
			a.succeeded()
		}
	}
	for _, n := range []int{throttle.pairs.Len(), throttle.addresses.Len(), throttle.trusted.Len()} {
		if n > tableSize {
			t.Errorf("a table has %d entries", n)
		}
	}
}
