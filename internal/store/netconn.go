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

// readBuffer is what one read from the socket may bring, in bytes. lib/pq
// reads 4 KiB at a time, which is a system call for every few rows.
const readBuffer = 32 << 10

// link is the network connection to a PostgreSQL server. Every read and write
// on it is bounded: by the silence allowed, and by the end of the context of
// the operation in progress plus a grace for the server to answer to the
// cancellation. lib/pq itself waits without end for a server that has gone
// silent (its issue 620).
type link struct {
	net.Conn
	buffer  *bufio.Reader
	silence time.Duration // bound of a single read or write, 0 for none
	written atomic.Int64  // bytes sent so far

	mu    sync.Mutex
	limit time.Time // when the operation in progress must have ended, zero for not yet known
	outer time.Time // the deadline lib/pq sets while it connects
	turn  int       // counts operations, so that a late cancellation does not hit the next one
}

func newLink(conn net.Conn, silence time.Duration) *link {
	l := &link{Conn: conn, silence: silence}
	l.buffer = bufio.NewReaderSize(socket{l}, readBuffer)
	return l
}

// socket is the unbuffered read under a link's buffer.
type socket struct{ l *link }

func (s socket) Read(p []byte) (int, error) {
	if err := s.l.arm(s.l.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	return s.l.Conn.Read(p)
}

func (l *link) Read(p []byte) (int, error) { return l.buffer.Read(p) }

func (l *link) Write(p []byte) (int, error) {
	if err := l.arm(l.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	n, err := l.Conn.Write(p)
	l.written.Add(int64(n))
	return n, err
}

// arm sets the deadline of the next read or write.
func (l *link) arm(set func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return set(l.deadline())
}

// deadline is the earliest of the bounds, zero where there is none. The
// caller holds mu.
func (l *link) deadline() time.Time {
	var earliest time.Time
	if l.silence > 0 {
		earliest = time.Now().Add(l.silence)
	}
	for _, t := range []time.Time{l.limit, l.outer} {
		if !t.IsZero() && (earliest.IsZero() || t.Before(earliest)) {
			earliest = t
		}
	}
	return earliest
}

// SetDeadline is for lib/pq, which bounds the handshake with it and lifts the
// bound afterwards; it cannot lift ours.
func (l *link) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outer = t
	return l.Conn.SetDeadline(l.deadline())
}

// begin binds the link to ctx: once ctx is done, what is being read or
// written must end within grace. The function returned ends the binding.
func (l *link) begin(ctx context.Context, grace time.Duration) (end func()) {
	l.mu.Lock()
	l.turn++
	turn := l.turn
	l.limit = time.Time{}
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { l.tighten(turn, time.Now().Add(grace)) })
	return func() {
		stop()
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.turn == turn {
			l.turn++
			l.limit = time.Time{}
		}
	}
}

func (l *link) tighten(turn int, limit time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn != turn {
		return
	}
	l.limit = limit
	// An error means the connection is closed, which ends the read as well.
	_ = l.Conn.SetDeadline(l.deadline())
}

// quiet reports whether an idle connection is still open with nothing to
// read. A server that ends the session says so and closes; to find that
// before a statement is sent is what makes sending it on another connection
// safe. Other unasked messages are rare, and cost a reconnection.
func (l *link) quiet() bool {
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

// linkKey is the context key under which a connector learns which link the
// dialer has made for it.
type linkKey struct{}

// slot holds the link of the host that lib/pq is trying.
type slot struct{ current atomic.Pointer[link] }

// dialer makes links for lib/pq.
type dialer struct {
	connect time.Duration // bound of connecting to one host
	grace   time.Duration
	silence time.Duration
}

// DialContext connects to a server. A connection that is not made by our
// connector is the one by which lib/pq cancels a query: it gets the grace as
// its whole life.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	made, ok := ctx.Value(linkKey{}).(*slot)
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
	l := newLink(conn, d.silence)
	if !ok {
		l.limit = deadline
		return l, nil
	}
	made.current.Store(l)
	return l, nil
}

// Dial is for lib/pq's interface, which prefers DialContext.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is for lib/pq's interface, which prefers DialContext.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}
