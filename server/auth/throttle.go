package auth

import (
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"cloudapi/internal/fault"
)

// The throttle counts failures for one login from one address, so that an attacker cannot lock out a user who signs in from
// another address. It also counts failures from one address for any login, except for logins that have succeeded from that
// address, so that an attacker cannot lock out others behind the same address. Cached passwords are never throttled.
const (
	// freePerPair is how many failures for a login from an address cause no delay; each further one doubles the delay.
	freePerPair    = 5
	freePerAddress = 100
	minDelay       = time.Second
	maxDelay       = time.Minute
	// forgiveTime is the time in which as many failures as are free are forgotten, gradually.
	forgiveTime = 15 * time.Minute
	// tableSize bounds each table, in entries of about 200 bytes.
	tableSize = 50_000
)

// failures counts the recent failures of a pair or of an address.
type failures struct {
	free    float64
	level   float64 // failures, minus the forgiven ones
	at      time.Time
	until   time.Time // no attempts before this time
	pending int       // attempts in progress
}

// wait returns how long the next attempt must wait. When the free failures are used up, there is one attempt at a time.
func (f *failures) wait(now time.Time) time.Duration {
	f.level = max(0, f.level-f.free*now.Sub(f.at).Seconds()/forgiveTime.Seconds())
	f.at = now
	if left := f.until.Sub(now); left > 0 {
		return left
	}
	if f.pending > 0 && f.level+float64(f.pending) >= f.free {
		return minDelay
	}
	return 0
}

func (f *failures) add(now time.Time) {
	f.level++
	if over := math.Round(f.level - f.free); over >= 0 {
		f.until = now.Add(min(maxDelay, minDelay<<int(min(over, 10))))
	}
}

// throttle is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu        sync.Mutex
	pairs     *simplelru.LRU[digest, *failures]
	addresses *simplelru.LRU[digest, *failures]
	trusted   *simplelru.LRU[digest, struct{}] // pairs that have signed in successfully
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{
		now: now, pairs: newTable[*failures](), addresses: newTable[*failures](), trusted: newTable[struct{}](),
	}
}

func newTable[V any]() *simplelru.LRU[digest, V] {
	// NewLRU fails only for a size that is not positive.
	table, _ := simplelru.NewLRU[digest, V](tableSize, nil)
	return table
}

// attempt is a sign-in in progress. Exactly one of its methods ends it.
type attempt struct {
	t             *throttle
	pair          digest
	byPair, byAll *failures
}

// begin starts an attempt, or fails with RATE_LIMITED.
func (t *throttle) begin(pair, address digest) (*attempt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	a := &attempt{t: t, pair: pair,
		byPair: failuresOf(t.pairs, pair, freePerPair, now), byAll: failuresOf(t.addresses, address, freePerAddress, now)}
	wait := a.byPair.wait(now)
	if _, exempt := t.trusted.Get(pair); !exempt {
		wait = max(wait, a.byAll.wait(now))
	}
	if wait > 0 {
		return nil, fault.New(fault.TooMany, "Too many failed sign-ins; try again in %.0f seconds", math.Ceil(wait.Seconds())).
			After(wait).With("limit", "sign_in")
	}
	a.byPair.pending++
	a.byAll.pending++
	return a, nil
}

func failuresOf(table *simplelru.LRU[digest, *failures], key digest, free float64, now time.Time) *failures {
	f, ok := table.Get(key)
	if !ok {
		f = &failures{free: free, at: now}
		table.Add(key, f)
	}
	return f
}

func (a *attempt) failed() {
	a.end(func(now time.Time) {
		a.byPair.add(now)
		a.byAll.add(now)
	})
}

func (a *attempt) succeeded() {
	a.end(func(time.Time) {
		a.byPair.level, a.byPair.until = 0, time.Time{}
		a.t.trusted.Add(a.pair, struct{}{})
	})
}

// cancel ends an attempt whose password was not checked.
func (a *attempt) cancel() { a.end(func(time.Time) {}) }

func (a *attempt) end(count func(now time.Time)) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.byPair.pending--
	a.byAll.pending--
	count(a.t.now())
}
