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

// open opens what the command is to import from, and names it without its
// password.
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

// remote is a running old server. Its password is asked for where the URL has a
// name and no password: a command line can be read by others on the machine.
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
		warn(e.errors, "the source is read over plain HTTP: whoever is between can read and change what comes, passwords too")
	}
	return r, r.Name(), nil
}

func warn(out io.Writer, text string) { _, _ = fmt.Fprintln(out, "cloudapi: warning:", text) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
