package rest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// TestAbortIsNoEnd: a client that has got half an answer gets an error, not the end of the answer, also by HTTP/1.0, where
// the end of the connection is the end of an answer.
func TestAbortIsNoEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"result":[`)
		_ = http.NewResponseController(w).Flush()
		abort(w, r)
	}))
	defer server.Close()
	for protocol, want := range map[string]error{"HTTP/1.0": syscall.ECONNRESET, "HTTP/1.1": io.EOF} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET / "+protocol+"\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(c)
		if errors.Is(want, io.EOF) {
			// The chunk of length 0 that ends an answer is missing.
			if err != nil || strings.HasSuffix(string(text), "0\r\n\r\n") {
				t.Errorf("%s: %q, %v", protocol, text, err)
			}
		} else if !errors.Is(err, want) {
			t.Errorf("%s: %q, %v, want %v", protocol, text, err, want)
		}
		_ = c.Close()
	}
}
