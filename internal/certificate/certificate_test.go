package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair makes a certificate with a serial number and its key, as PEM.
func pair(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// served returns the serial number of the certificate that a new connection gets.
func served(t *testing.T, address string) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// files writes and serves certificates, with its own clock.
type files struct {
	*Files
	t       *testing.T
	clock   time.Time
	log     bytes.Buffer
	address string
}

func (f *files) write(name string, text []byte) {
	f.t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	// Two files of the same size need different times.
	f.clock = f.clock.Add(2 * time.Second)
	if err := os.Chtimes(name, f.clock, f.clock); err != nil {
		f.t.Fatal(err)
	}
}

func serve(t *testing.T) *files {
	dir := t.TempDir()
	f := &files{t: t, clock: time.Now()}
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert, key := pair(t, 1)
	f.write(certFile, cert)
	f.write(keyFile, key)
	var err error
	if f.Files, err = Open(certFile, keyFile, slog.New(slog.NewTextHandler(&f.log, nil))); err != nil {
		t.Fatal(err)
	}
	f.now = func() time.Time { return f.clock }
	listener, err := tls.Listen("tcp", "127.0.0.1:0", f.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func(c net.Conn) {
				_ = c.(*tls.Conn).Handshake()
				_ = c.Close()
			}(c)
		}
	}()
	f.address = listener.Addr().String()
	return f
}

func (f *files) expect(serial int64) {
	f.t.Helper()
	if got := served(f.t, f.address); got != serial {
		f.t.Errorf("serves %d, want %d; log: %s", got, serial, f.log.String())
	}
}

func TestRenewedIsServed(t *testing.T) {
	f := serve(t)
	f.expect(1)
	cert, key := pair(t, 2)
	f.write(f.cert, cert)
	f.expect(1) // the key file is still the old one
	if !strings.Contains(f.log.String(), "are no pair") {
		t.Errorf("no warning in %q", f.log.String())
	}
	f.write(f.key, key)
	f.expect(2)
	f.write(f.cert, []byte("-----BEGIN CERTIFICATE-----\nhalf"))
	f.expect(2)
	if err := os.Remove(f.key); err != nil {
		t.Fatal(err)
	}
	f.clock = f.clock.Add(2 * time.Second)
	f.expect(2)
	cert, key = pair(t, 3)
	f.write(f.cert, cert)
	f.write(f.key, key)
	f.expect(3)
}

func TestFilesAreNotLookedAtEachTime(t *testing.T) {
	f := serve(t)
	cert, key := pair(t, 2)
	at := f.clock
	f.write(f.cert, cert)
	f.write(f.key, key)
	renewed := f.clock
	f.clock = at
	f.mu.Lock()
	f.checked = at.Add(-pause / 2)
	f.mu.Unlock()
	f.expect(1)
	f.clock = renewed
	f.expect(2)
}

func TestWhatIsNoPairIsRefused(t *testing.T) {
	dir := t.TempDir()
	cert, _ := pair(t, 1)
	_, key := pair(t, 1)
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, text := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	if _, err := Open(certFile, keyFile, log); err == nil || !strings.Contains(err.Error(), certFile) {
		t.Errorf("a key of another certificate: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none"), keyFile, log); err == nil {
		t.Error("a file that is not there is accepted")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	f := serve(t)
	c, err := tls.Dial("tcp", f.address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11})
	if err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}
}
