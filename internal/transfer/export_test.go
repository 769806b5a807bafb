package transfer

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

// SetPause sets the pause before a call is repeated.
func (r *Remote) SetPause(d time.Duration) { r.pause = d }

// Trust sets the root certificates for the server's certificate.
func (r *Remote) Trust(roots *x509.CertPool) {
	if t, ok := r.client.Transport.(*http.Transport); ok {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
}
