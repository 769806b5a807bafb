package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// TestTLS: time limits, cancellation and the check of idle connections work over TLS.
func TestTLS(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	certify(t, server)
	url := strings.Replace(server.URL("postgres"), "sslmode=disable", "sslmode=require", 1)
	s := open(t, store.Options{URL: url, Grace: grace})
	want(t, s, []bool{true}, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

	ctx, cancel := context.WithTimeout(t.Context(), queryTime)
	defer cancel()
	if err := exec(ctx, s, "SELECT 1 FROM pg_sleep(600)"); !fault.Is(store.Fault(err), fault.Timeout) {
		t.Errorf("cancelled query: %v", err)
	}
	if err := server.Restart(t.Context(), pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	for range 5 {
		mustExec(t, s, "INSERT INTO things (n) VALUES (?)", 1)
	}
	if opened := s.Stats().Connections; opened != 1 {
		t.Errorf("%d connections for one statement at a time: idle ones are not trusted", opened)
	}
	frozenFor(t, server, func(ctx context.Context, freeze func()) error {
		freeze()
		return exec(ctx, s, "INSERT INTO things (n) VALUES (?)", 1)
	})
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("after the thaw: %v", err)
	}
}

// certify gives a server a new certificate and restarts it with TLS.
func certify(t *testing.T, server *pgtest.Server) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(server.Directory(), "data")
	owner, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	ids, ok := owner.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatalf("owner of %s: %T", data, owner.Sys())
	}
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: certificate},
		"server.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		path := filepath.Join(data, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, int(ids.Uid), int(ids.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Exec(t.Context(), "postgres", "ALTER SYSTEM SET ssl = on"); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context(), pgtest.Fast); err != nil {
		t.Fatal(err)
	}
}
