package main

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// logInterval is how often the log repeats that no connection can be accepted.
const logInterval = 10 * time.Second

// acceptLog is a listener that logs why it cannot accept connections. net/http retries, but reports it only in its own log,
// among messages about clients.
type acceptLog struct {
	net.Listener
	log  *slog.Logger
	last atomic.Int64 // time of the last log entry, in Unix nanoseconds
}

// Accept waits for the next connection.
func (l *acceptLog) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		now, last := time.Now().UnixNano(), l.last.Load()
		if now-last > int64(logInterval) && l.last.CompareAndSwap(last, now) {
			l.log.Error("connections cannot be accepted", "reason", acceptReason(err))
		}
	}
	return c, err
}

func acceptReason(err error) string {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return "the server has as many files open as it may: raise LimitNOFILE or ulimit -n, or find the clients that keep connections open"
	case errors.Is(err, syscall.ENFILE):
		return "the machine has as many files open as it may (fs.file-max)"
	}
	return err.Error()
}
