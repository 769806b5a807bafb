package auth

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Addresses tell where requests come from. The zero value trusts no proxy.
type Addresses struct {
	// Proxies are the networks whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
}

// ParseProxies reads networks in CIDR form and single addresses.
func ParseProxies(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		if ip, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		out = append(out, network.Masked())
	}
	return out, nil
}

// Of is the network that a request comes from: an IPv4 address, or the /64 network
// of an IPv6 address, which is what one customer of a provider has.
func (a Addresses) Of(r *http.Request) string {
	ip, ok := a.client(r)
	if !ok {
		return r.RemoteAddr
	}
	return network(ip)
}

// Client is the address that a request comes from, for the log.
func (a Addresses) Client(r *http.Request) string {
	ip, ok := a.client(r)
	if !ok {
		return r.RemoteAddr
	}
	return ip.String()
}

// client is the peer's address, and behind trusted proxies the last one in
// X-Forwarded-For that is not a proxy's: what stands before that, anybody can
// have written.
func (a Addresses) client(r *http.Request) (netip.Addr, bool) {
	ip, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return ip, false
	}
	if len(a.Proxies) > 0 && a.trusts(ip) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			given, ok := parseAddress(strings.TrimSpace(hop))
			if !ok {
				break
			}
			if ip = given; !a.trusts(ip) {
				break
			}
		}
	}
	return ip, true
}

// Secure reports whether a request came over HTTPS: to this server, or to a
// trusted proxy that says so in X-Forwarded-Proto.
func (a Addresses) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	ip, ok := parseAddress(r.RemoteAddr)
	if !ok || !a.trusts(ip) {
		return false
	}
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(said[len(said)-1]), "https")
}

func (a Addresses) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseAddress reads an address with or without a port.
func parseAddress(text string) (netip.Addr, bool) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return ip.Unmap().WithZone(""), err == nil
}

func network(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	// An IPv6 address has more than 64 bits, which is all that Prefix can refuse.
	p, _ := ip.Prefix(64)
	return p.String()
}

type addressKey struct{}

// place is where a request comes from.
type place struct{ network, client string }

// Locate keeps where a request comes from in its context.
func (a Addresses) Locate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := place{network: a.Of(r), client: a.Client(r)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, from)))
	})
}

// AddressFrom is the network that the request being served comes from, "" where
// that is not known.
func AddressFrom(ctx context.Context) string {
	from, _ := ctx.Value(addressKey{}).(place)
	return from.network
}
