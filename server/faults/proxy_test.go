package faults

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy is a TCP proxy between a server and its database.
type proxy struct {
	target   string
	listener net.Listener

	mu    sync.Mutex
	muted bool
	open  map[*net.TCPConn]bool
}

// between starts a proxy in front of a database.
func between(t testing.TB, db *database) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := fmt.Sprintf("127.0.0.1:%d", db.postgres.Port())
	p := &proxy{target: target, listener: l, open: map[*net.TCPConn]bool{}}
	db.URL = strings.Replace(db.URL, target, l.Addr().String(), 1)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		p.cut()
	})
	go p.accept()
	return p
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // end of the test
		}
		go p.join(c)
	}
}

// join forwards between both sides of a connection until one of them closes.
func (p *proxy) join(c net.Conn) {
	far, err := net.Dial("tcp", p.target)
	client, one := c.(*net.TCPConn)
	server, two := far.(*net.TCPConn)
	if err != nil || !one || !two {
		_ = c.Close() // nobody listens: the client sees that
		return
	}
	p.mu.Lock()
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, false) })
	both.Go(func() { p.pass(client, server, true) })
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, client)
	delete(p.open, server)
}

// pass copies until a side closes. While the proxy is muted, the database's answers are lost, and requests arrive.
func (p *proxy) pass(to, from *net.TCPConn, answers bool) {
	defer func() { _ = errors.Join(to.Close(), from.Close()) }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		lost := answers && p.muted
		p.mu.Unlock()
		if lost {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// mute drops the database's answers from now on.
func (p *proxy) mute() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.muted = true
}

// heal forwards answers again; it closes connections that have lost some.
func (p *proxy) heal() {
	p.mu.Lock()
	p.muted = false
	p.mu.Unlock()
	p.cut()
}

// cut resets every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		// An error means that it is already closed.
		_ = errors.Join(c.SetLinger(0), c.Close())
	}
}
