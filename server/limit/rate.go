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

// Rates bound how much one caller may ask for in a time; the unit is that of
// Cost. A zero means the default, a negative Burst that there is no bound.
type Rates struct {
	Burst     int // what may be spent at once; never less than one operation may cost: 100,000,000
	PerSecond int // what comes back in a second: 20,000,000
	Callers   int // that are remembered; the one who was quiet longest is forgotten: 10,000
}

// OrDefault returns the rates with defaults in the place of zeros.
func (r Rates) OrDefault() Rates {
	return Rates{
		Burst:     cmp.Or(r.Burst, 100_000_000),
		PerSecond: cmp.Or(r.PerSecond, 20_000_000),
		Callers:   cmp.Or(r.Callers, 10_000),
	}
}

// Rate keeps an account for each caller. What an operation may cost is taken
// before it runs, so that what runs at once is bounded too, and what it did not
// cost comes back afterwards. It is safe for concurrent use.
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

// NewRate returns a rate under which an operation that costs dearest can run;
// nil if there is no bound.
func NewRate(r Rates, dearest int, now func() time.Time) *Rate {
	if r = r.OrDefault(); r.Burst < 0 {
		return nil
	}
	// The size is positive, which is all that can be refused.
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

// Quota is how a caller stands with its rate. The zero value is that of one
// without.
type Quota struct {
	Limit     int           // what may be spent at once
	Remaining int           // what is left of it
	Reset     time.Duration // until all of it is there again
}

// Take takes cost from a caller's account. Where there is not enough nothing is
// taken, and the fault says when there will be.
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

// Settle gives back what was taken too much, or takes what was too little: a
// negative refund may leave an account in debt.
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

// account is a caller's account as it is now.
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

// Header tells a client how it stands (draft-ietf-httpapi-ratelimit-headers:
// the fields of its versions up to 07, which clients know, and those of now).
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
