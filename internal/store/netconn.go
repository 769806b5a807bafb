package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// readBuffer is the size of a read from the socket, in bytes. lib/pq reads 4 KiB at a time, which is a system call for every
// few rows.
const readBuffer = 32 << 10

// netConn is the network connection to a PostgreSQL server. It bounds every read and write by ioTimeout, and by the end
// of the operation's context plus a grace period for the answer to the cancellation. lib/pq itself waits forever for a
// server that stops answering (lib/pq issue 620).
type netConn struct {
	net.Conn
	buffer    *bufio.Reader
	ioTimeout time.Duration // maximum time of a single read or write, 0 for no limit
	sent      atomic.Int64  // bytes sent so far

	mu                sync.Mutex
	limit             time.Time // when the current operation must have ended, zero if not yet known
	handshakeDeadline time.Time // the deadline that lib/pq sets while it connects
	operation         int       // counts operations, so that a late cancellation does not end the next one
}

func newNetConn(conn net.Conn, ioTimeout time.Duration) *netConn {
	l := &netConn{Conn: conn, ioTimeout: ioTimeout}
	l.buffer = bufio.NewReaderSize(socket{l}, readBuffer)
	return l
}

// socket reads without a buffer. It is the source of a netConn's own buffer.
type socket struct{ l *netConn }

func (s socket) Read(p []byte) (int, error) {
	if err := s.l.setDeadline(s.l.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	return s.l.Conn.Read(p)
}

func (l *netConn) Read(p []byte) (int, error) { return l.buffer.Read(p) }

func (l *netConn) Write(p []byte) (int, error) {
	if err := l.setDeadline(l.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	n, err := l.Conn.Write(p)
	l.sent.Add(int64(n))
	return n, err
}

// setDeadline sets the deadline of the next read or write.
func (l *netConn) setDeadline(set func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return set(l.deadline())
}

// deadline returns the earliest of the bounds, zero for none. The caller holds mu.
func (l *netConn) deadline() time.Time {
	var earliest time.Time
	if l.ioTimeout > 0 {
		earliest = time.Now().Add(l.ioTimeout)
	}
	for _, t := range []time.Time{l.limit, l.handshakeDeadline} {
		if !t.IsZero() && (earliest.IsZero() || t.Before(earliest)) {
			earliest = t
		}
	}
	return earliest
}

// SetDeadline is called by lib/pq, which bounds the handshake with it and then removes that bound. It does not affect
// the other bounds.
func (l *netConn) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handshakeDeadline = t
	return l.Conn.SetDeadline(l.deadline())
}

// begin binds the connection to ctx: when ctx is done, the current read or write must end within grace. The returned
// function ends the binding.
func (l *netConn) begin(ctx context.Context, grace time.Duration) (end func()) {
	l.mu.Lock()
	l.operation++
	operation := l.operation
	l.limit = time.Time{}
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { l.limitOperation(operation, time.Now().Add(grace)) })
	return func() {
		stop()
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.operation == operation {
			l.operation++
			l.limit = time.Time{}
		}
	}
}

// limitOperation sets the limit of an operation, unless that operation has already ended.
func (l *netConn) limitOperation(operation int, limit time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.operation != operation {
		return
	}
	l.limit = limit
	// An error means the connection is closed, which ends the read as well.
	_ = l.Conn.SetDeadline(l.deadline())
}

// isIdle reports whether an idle connection is open and has nothing to read. A server that ends a session sends a message and
// closes the connection. If that is found before a statement is sent, it is safe to send the statement on another
// connection. Other unsolicited messages are rare, and cost a reconnection.
func (l *netConn) isIdle() bool {
	if l.buffer.Buffered() > 0 {
		return false
	}
	raw, ok := l.Conn.(syscall.Conn)
	if !ok {
		return true
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	err = control.Control(func(fd uintptr) {
		var one [1]byte
		_, _, peeked = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && errors.Is(peeked, syscall.EAGAIN)
}

// netConnKey is the context key for the netConnSlot in which the dialer returns its connection to the connector.
type netConnKey struct{}

// netConnSlot has the connection to the host that lib/pq is connecting to.
type netConnSlot struct{ current atomic.Pointer[netConn] }

// dialer opens network connections for lib/pq.
type dialer struct {
	connect   time.Duration // maximum time of connecting to one host
	grace     time.Duration
	ioTimeout time.Duration
}

// DialContext connects to a server. If the connection is not made by the connector, lib/pq uses it to cancel a query; it is
// closed after the grace period.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	made, ok := ctx.Value(netConnKey{}).(*netConnSlot)
	bound := d.connect
	if !ok {
		bound = d.grace
	}
	deadline := time.Now().Add(bound)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	tcp := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	conn, err := tcp.DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	l := newNetConn(conn, d.ioTimeout)
	if !ok {
		l.limit = deadline
		return l, nil
	}
	made.current.Store(l)
	return l, nil
}

// Dial implements lib/pq's interface, which prefers DialContext.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements lib/pq's interface, which prefers DialContext.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}
