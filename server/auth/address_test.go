package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"IPv4", "192.0.2.7:4711", nil, "192.0.2.7"},
		{"IPv6 by its network", "[2001:db8:1:2:3:4:5:6]:4711", nil, "2001:db8:1:2::/64"},
		{"another host of that network", "[2001:db8:1:2:ffff::1]:4711", nil, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.7]:4711", nil, "192.0.2.7"},
		{"a zone", "[fe80::1%eth0]:4711", nil, "fe80::/64"},
		{"who is no proxy is not believed", "192.0.2.7:1", []string{"198.51.100.1"}, "192.0.2.7"},
		{"a proxy is", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"several proxies", "10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"what the client wrote itself counts for nothing", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"several headers are one", "10.0.0.1:1", []string{"1.2.3.4", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"with a port", "10.0.0.1:1", []string{"198.51.100.1:5555"}, "198.51.100.1"},
		{"IPv6 with a port", "10.0.0.1:1", []string{"[2001:db8::1]:5555"}, "2001:db8::/64"},
		{"IPv6 in brackets", "10.0.0.1:1", []string{"[2001:db8::1]"}, "2001:db8::/64"},
		{"nonsense ends the chain", "10.0.0.1:1", []string{"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"nothing but nonsense", "10.0.0.1:1", []string{"<script>"}, "10.0.0.1"},
		{"an empty header", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"a single trusted address", "203.0.113.9:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"not an address at all", "pipe", nil, "pipe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxies, err := ParseProxies([]string{"10.0.0.1/8", "203.0.113.9"})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := (Addresses{proxies}).Network(r); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := ParseProxies([]string{"10.0.0.0/33"}); err == nil {
		t.Error("a network that is none is taken")
	}
}
