package transfer

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

// SetPause sets how long a call waits before it is made again.
func (r *Remote) SetPause(d time.Duration) { r.pause = d }

// Trust has the server's certificate verified against these roots.
func (r *Remote) Trust(roots *x509.CertPool) {
	if t, ok := r.client.Transport.(*http.Transport); ok {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
}
