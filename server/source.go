package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"cloudapi/internal/fault"
	"cloudapi/internal/transfer"
)

// open opens the source of an import, and returns its name without the password.
func (c *importCommand) open(e *env) (transfer.Source, string, error) {
	switch {
	case c.Source == "-":
		return transfer.Lines{Name: "-", In: e.in}, "-", nil
	case strings.Contains(c.Source, "://"):
		return c.remote(e)
	}
	if _, err := os.Stat(c.Source); err != nil {
		return nil, "", fault.New(fault.Invalid, "The source cannot be read: %v", err)
	}
	return transfer.Files{Path: c.Source}, c.Source, nil
}

// remote returns a source for a running old server. It reads the password separately if the URL has a user without one,
// because other users of the machine can read command lines.
func (c *importCommand) remote(e *env) (transfer.Source, string, error) {
	given := ""
	u, err := url.Parse(c.Source)
	if err == nil && u.User.Username() != "" {
		if _, ok := u.User.Password(); !ok {
			if given, err = e.password(sourcePassword); err != nil {
				return nil, "", err
			}
		}
	}
	r, err := transfer.NewRemote(c.Source, given, c.Concurrency)
	if err != nil {
		return nil, "", fault.New(fault.Invalid, "%v", err)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		warn(e.errors, "the source is read over plain HTTP: attackers on the network can read and change the data, including passwords")
	}
	return r, r.Name(), nil
}

func warn(out io.Writer, text string) { _, _ = fmt.Fprintln(out, "cloudapi: warning:", text) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
