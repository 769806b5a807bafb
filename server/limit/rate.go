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

	mu      sync.Mutex
	buckets *simplelru.LRU[string, *bucket]
}

type bucket struct {
	tokens  float64
	updated time.Time
}

// NewRate returns a rate that allows a single operation with the cost maxCost; nil if there is no bound.
func NewRate(r Rates, maxCost int, now func() time.Time) *Rate {
	if r = r.OrDefault(); r.Burst < 0 {
		return nil
	}
	// NewLRU fails only for a size that is not positive.
	buckets, _ := simplelru.NewLRU[string, *bucket](max(1, r.Callers), nil)
	return &Rate{
		now:       now,
		burst:     float64(max(r.Burst, maxCost)),
		perSecond: float64(max(1, r.PerSecond)),
		buckets:   buckets,
	}
}

// Burst returns the maximum cost that may be spent at once, 0 for no bound.
func (r *Rate) Burst() int {
	if r == nil {
		return 0
	}
	return int(r.burst)
}

// Quota is the state of a caller's bucket. The zero value means that there is no bound.
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
	a := r.bucket(caller)
	if missing := float64(cost) - a.tokens; missing > 0 {
		quota := r.quota(a)
		wait := time.Duration(math.Ceil(missing / r.perSecond * float64(time.Second)))
		return quota, fault.New(fault.TooMany,
			"The request costs %d and %d are left of the %d that may be spent at once; try again in %d seconds",
			cost, quota.Remaining, quota.Limit, seconds(wait)).
			After(wait).With("limit", "rate").With("max", quota.Limit).With("asked", cost)
	}
	a.tokens -= float64(cost)
	return r.quota(a), nil
}

// Settle returns the cost that was taken too much. A negative refund takes more and may make the quota negative.
func (r *Rate) Settle(caller string, refund int) Quota {
	if r == nil {
		return Quota{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.bucket(caller)
	a.tokens = min(r.burst, a.tokens+float64(refund))
	return r.quota(a)
}

// bucket returns a caller's bucket, filled up to the current time.
func (r *Rate) bucket(caller string) *bucket {
	now := r.now()
	a, ok := r.buckets.Get(caller)
	if !ok {
		a = &bucket{tokens: r.burst, updated: now}
		r.buckets.Add(caller, a)
	}
	if passed := now.Sub(a.updated); passed > 0 {
		a.tokens, a.updated = min(r.burst, a.tokens+passed.Seconds()*r.perSecond), now
	}
	return a
}

func (r *Rate) quota(a *bucket) Quota {
	return Quota{
		Limit:     int(r.burst),
		Remaining: int(max(0, a.tokens)),
		Reset:     time.Duration((r.burst - a.tokens) / r.perSecond * float64(time.Second)),
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
