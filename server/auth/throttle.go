package auth

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"cloudapi/internal/fault"
)

// The back-off: after free failures of one login from one address each further
// one doubles the wait. Other addresses are not concerned, so that nobody can
// lock somebody else out. One address may fail at any logins together
// freeAtAddress times as often.
const (
	free          = 5
	freeAtAddress = 100
	firstWait     = time.Second
	longestWait   = time.Minute
	remembered    = 15 * time.Minute
	most          = 100_000
)

type failures struct {
	count int
	until time.Time
}

type throttle struct {
	now  func() time.Time
	seen *expirable.LRU[string, failures]
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, seen: expirable.NewLRU[string, failures](most, nil, remembered)}
}

func (t *throttle) admit(login, address string) error {
	for _, key := range []string{login + "\x00" + address, "\x00" + address} {
		f, _ := t.seen.Get(key)
		if wait := f.until.Sub(t.now()); wait > 0 {
			return fault.New(fault.TooMany, "Too many failed sign-ins; try again in %d seconds", int(wait.Seconds())+1).
				After(wait)
		}
	}
	return nil
}

func (t *throttle) failed(login, address string) {
	t.count(login+"\x00"+address, free)
	t.count("\x00"+address, freeAtAddress)
}

func (t *throttle) count(key string, allowed int) {
	f, _ := t.seen.Get(key)
	f.count++
	if over := f.count - allowed; over >= 0 {
		f.until = t.now().Add(min(longestWait, firstWait<<min(over, 10)))
	}
	t.seen.Add(key, f)
}

func (t *throttle) succeeded(login, address string) { t.seen.Remove(login + "\x00" + address) }

// Address is where a request comes from: its IPv4 address, or the /64 network
// of its IPv6 address, which is what one customer of a provider has.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return network.String()
}

type addressKey struct{}

// WithAddress keeps where a request comes from for signIn.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// AddressFrom is where the request being served comes from, "" where that is
// not known.
func AddressFrom(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}
