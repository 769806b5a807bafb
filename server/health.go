package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"cloudapi/internal/fault"
)

// healthTime is the time limit of a health check: container engines usually wait no longer.
const healthTime = 5 * time.Second

// healthCommand checks a server on this machine, for containers without another HTTP client.
type healthCommand struct {
	Listen  string `default:"127.0.0.1:8080" help:"The address of the server."`
	TLSCert string `name:"tls-cert" help:"The certificate of the server. If it is given, the check uses HTTPS."`
	Ready   bool   `help:"Check that the server is ready for requests (/readyz). By default the command checks that it runs (/healthz)."`
}

// Run fails unless the server reports that it is healthy.
func (c *healthCommand) Run(e *env) error {
	address, err := reachable(c.Listen)
	if err != nil {
		return err
	}
	scheme, path := "http", "/healthz"
	if c.TLSCert != "" {
		scheme = "https"
	}
	if c.Ready {
		path = "/readyz"
	}
	r, err := http.NewRequestWithContext(e.ctx, http.MethodGet, scheme+"://"+address+path, nil)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	client := &http.Client{Timeout: healthTime, Transport: &http.Transport{
		DisableKeepAlives: true,
		// The certificate is not issued for this address, and the request contains no secrets.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	}}
	answer, err := client.Do(r)
	if err != nil {
		return fault.New(fault.Unavailable, "No server answers at %s://%s", scheme, address)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return fault.New(fault.Unavailable, "The server at %s://%s did not end its answer", scheme, address)
	}
	said := strings.TrimSpace(string(text))
	if answer.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "The server at %s://%s answers %d: %s", scheme, address, answer.StatusCode, said)
	}
	_, err = fmt.Fprintln(e.out, said)
	return err
}

// reachable returns an address at which this machine reaches a server that listens on all interfaces, for example.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fault.New(fault.Invalid, "--listen: %v", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
