package auth

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Addresses finds the client address of a request. The zero value trusts no proxy.
type Addresses struct {
	// Proxies are the networks whose X-Forwarded-For header is trusted.
	Proxies []netip.Prefix
}

// ParseProxies parses networks in CIDR form and single addresses.
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

// Network returns the network that a request comes from: an IPv4 address, or the /64 network of an IPv6 address, which is what a
// provider usually assigns to one customer.
func (a Addresses) Network(r *http.Request) string {
	ip, ok := a.client(r)
	if !ok {
		return r.RemoteAddr
	}
	return network(ip)
}

// Client returns the address that a request comes from, for the log.
func (a Addresses) Client(r *http.Request) string {
	ip, ok := a.client(r)
	if !ok {
		return r.RemoteAddr
	}
	return ip.String()
}

// client returns the peer's address. Behind trusted proxies it is the last address in X-Forwarded-For that is not a proxy's;
// clients can forge the addresses before it.
func (a Addresses) client(r *http.Request) (netip.Addr, bool) {
	ip, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return ip, false
	}
	if len(a.Proxies) > 0 && a.isProxy(ip) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			given, ok := parseAddress(strings.TrimSpace(hop))
			if !ok {
				break
			}
			if ip = given; !a.isProxy(ip) {
				break
			}
		}
	}
	return ip, true
}

// Secure reports whether a request came over HTTPS: to this server, or to a trusted proxy, which reports it in
// X-Forwarded-Proto.
func (a Addresses) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	ip, ok := parseAddress(r.RemoteAddr)
	if !ok || !a.isProxy(ip) {
		return false
	}
	protocols := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(protocols[len(protocols)-1]), "https")
}

func (a Addresses) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// parseAddress parses an address with or without a port.
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
	// Prefix fails only for addresses with fewer bits than 64.
	p, _ := ip.Prefix(64)
	return p.String()
}

type addressKey struct{}

// origin is where a request comes from.
type origin struct{ network, client string }

// Locate stores the origin of a request in its context.
func (a Addresses) Locate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := origin{network: a.Network(r), client: a.Client(r)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, from)))
	})
}

// AddressFrom returns the network that the current request comes from, "" if it is unknown.
func AddressFrom(ctx context.Context) string {
	from, _ := ctx.Value(addressKey{}).(origin)
	return from.network
}
