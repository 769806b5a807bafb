package limit

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"cloudapi/internal/fault"
)

// Rates bounds the cost that one caller may spend in a time; the unit is that of Cost. A zero means the default, a negative
// Burst means no bound.
type Rates struct {
	Burst     int // maximum spent at once, at least the maximum cost of one operation: 100,000,000
	PerSecond int // restored per second: 20,000,000
	Callers   int // maximum number of tracked callers; the least recently active is dropped: 10,000
}

// OrDefault returns the rates with each zero replaced by the default.
func (r Rates) OrDefault() Rates {
	return Rates{
		Burst:     cmp.Or(r.Burst, 100_000_000),
		PerSecond: cmp.Or(r.PerSecond, 20_000_000),
		Callers:   cmp.Or(r.Callers, 10_000),
	}
}

// Rate has a token bucket for each caller. The maximum cost of an operation is taken before it runs, which also limits
// concurrent operations; the difference to the actual cost is returned afterwards. It is safe for concurrent use.
type Rate struct {
	now       func() time.Time
	burst     float64
	perSecond float64

	mu       sync.Mutex
	accounts *simplelru.LRU[string, *account]
}

type account struct {
	left float64
	at   time.Time
}

// NewRate returns a rate that allows a single operation with the cost dearest; nil if there is no bound.
func NewRate(r Rates, dearest int, now func() time.Time) *Rate {
	if r = r.OrDefault(); r.Burst < 0 {
		return nil
	}
	// NewLRU fails only for a size that is not positive.
	accounts, _ := simplelru.NewLRU[string, *account](max(1, r.Callers), nil)
	return &Rate{
		now:       now,
		burst:     float64(max(r.Burst, dearest)),
		perSecond: float64(max(1, r.PerSecond)),
		accounts:  accounts,
	}
}

// Burst is what may be spent at once, 0 where there is no bound.
func (r *Rate) Burst() int {
	if r == nil {
		return 0
	}
	return int(r.burst)
}

// Quota is a caller's position in its rate. The zero value means that there is no bound.
type Quota struct {
	Limit     int           // maximum spent at once
	Remaining int           // of Limit, now
	Reset     time.Duration // until Remaining equals Limit
}

// Take takes cost from a caller's quota. If there is not enough it takes nothing, and the fault says when there will be.
func (r *Rate) Take(caller string, cost int) (Quota, error) {
	if r == nil {
		return Quota{}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account(caller)
	if missing := float64(cost) - a.left; missing > 0 {
		standing := r.standing(a)
		wait := time.Duration(math.Ceil(missing / r.perSecond * float64(time.Second)))
		return standing, fault.New(fault.TooMany,
			"The request costs %d and %d are left of the %d that may be spent at once; try again in %d seconds",
			cost, standing.Remaining, standing.Limit, seconds(wait)).
			After(wait).With("limit", "rate").With("max", standing.Limit).With("asked", cost)
	}
	a.left -= float64(cost)
	return r.standing(a), nil
}

// Settle returns the cost that was taken too much. A negative refund takes more and may make the quota negative.
func (r *Rate) Settle(caller string, refund int) Quota {
	if r == nil {
		return Quota{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.account(caller)
	a.left = min(r.burst, a.left+float64(refund))
	return r.standing(a)
}

// account returns a caller's account, updated to the current time.
func (r *Rate) account(caller string) *account {
	now := r.now()
	a, ok := r.accounts.Get(caller)
	if !ok {
		a = &account{left: r.burst, at: now}
		r.accounts.Add(caller, a)
	}
	if passed := now.Sub(a.at); passed > 0 {
		a.left, a.at = min(r.burst, a.left+passed.Seconds()*r.perSecond), now
	}
	return a
}

func (r *Rate) standing(a *account) Quota {
	return Quota{
		Limit:     int(r.burst),
		Remaining: int(max(0, a.left)),
		Reset:     time.Duration((r.burst - a.left) / r.perSecond * float64(time.Second)),
	}
}

// Header sets the rate-limit fields (draft-ietf-httpapi-ratelimit-headers): those of drafts up to 07, which clients support,
// and the current ones.
func (s Quota) Header(h http.Header) {
	if s.Limit == 0 {
		return
	}
	limit, remaining, reset := strconv.Itoa(s.Limit), strconv.Itoa(s.Remaining), strconv.Itoa(seconds(s.Reset))
	h.Set("RateLimit-Limit", limit)
	h.Set("RateLimit-Remaining", remaining)
	h.Set("RateLimit-Reset", reset)
	h.Set("RateLimit-Policy", `"cost";q=`+limit)
	h.Set("RateLimit", `"cost";r=`+remaining+";t="+reset)
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
