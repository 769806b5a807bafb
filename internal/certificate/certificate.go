// Package certificate serves a TLS certificate from files and reloads it when the files change, so that a renewed one needs
// no restart.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// pause is the minimum time between two checks of the files.
const pause = time.Second

// Files is a certificate in a pair of PEM files. It is safe for concurrent use.
type Files struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	served  *tls.Certificate
	seen    [2]stamp // of the files that were last loaded or rejected
	checked time.Time
}

// stamp identifies a version of a file.
type stamp struct {
	modified time.Time
	size     int64
}

// Open loads the pair and fails if it is invalid. If a later version is invalid, for example half written, the last valid
// one stays in use, and a warning is logged.
func Open(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log, now: time.Now}
	seen, err := f.look()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s with the key %s: %w", cert, key, err)
	}
	f.served, f.seen, f.checked = &pair, seen, f.now()
	return f, nil
}

// Config returns a TLS configuration, for TLS 1.2 and later, that uses the current certificate for each handshake.
func (f *Files) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return f.current(), nil
		},
	}
}

// current returns the current certificate. It checks the files at most once a second.
func (f *Files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.checked) < pause {
		return f.served
	}
	f.checked = now
	seen, err := f.look()
	switch {
	case err != nil:
		f.log.Warn("the certificate files cannot be looked at; the last good certificate stays in service", "error", err)
		return f.served
	case seen == f.seen:
		return f.served
	}
	f.seen = seen
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		f.log.Warn("the certificate files have changed and are no pair; the last good certificate stays in service", "error", err)
		return f.served
	}
	f.log.Info("serving a new certificate", "serial", pair.Leaf.SerialNumber, "until", pair.Leaf.NotAfter)
	f.served = &pair
	return f.served
}

func (f *Files) look() (seen [2]stamp, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return seen, err
		}
		seen[i] = stamp{info.ModTime(), info.Size()}
	}
	return seen, nil
}
