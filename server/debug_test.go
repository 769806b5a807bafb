package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDebugPort: profiles and metrics are served on the debug port, and profiles nowhere else.
func TestDebugPort(t *testing.T) {
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db", "--debug-listen", "127.0.0.1:0")
	found := regexp.MustCompile(`debug port" address=(\S+)`).FindStringSubmatch(s.logs.String())
	if found == nil {
		t.Fatalf("the log does not say where the debug port is: %s", s.logs)
	}
	for path, has := range map[string]string{
		"/metrics": "cloudapi_build_info{", "/debug/pprof/": "Types of profiles available",
		"/debug/pprof/goroutine?debug=1": "goroutine profile: total", "/debug/pprof/cmdline": "",
	} {
		answer, err := http.Get("http://" + found[1] + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), has) {
			t.Errorf("%s: %d %v %.300s", path, answer.StatusCode, err, text)
		}
	}
	if text := s.ask(t, http.MethodGet, "/debug/pprof/", ""); strings.Contains(text, "profiles") {
		t.Errorf("the public port answers for the debug port: %.300s", text)
	}
	if status := s.stop(); status != 0 {
		t.Errorf("the server ends with %d: %s", status, s.logs)
	}
	if _, err := http.Get("http://" + found[1] + "/metrics"); err == nil {
		t.Error("the debug port is open after the server has stopped")
	}
}

// TestDebugPortIsForThisMachine: an address that other machines can reach is rejected.
func TestDebugPortIsForThisMachine(t *testing.T) {
	for _, address := range []string{":6060", "0.0.0.0:0", "[::]:0", "192.0.2.1:6060", "example.com:6060", "6060"} {
		var errs bytes.Buffer
		status := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--admin-password", testPassword,
			"--database-url", "sqlite://" + t.TempDir() + "/test.db", "--debug-listen", address}, strings.NewReader(""), io.Discard, &errs)
		if status != 1 || !strings.Contains(errs.String(), "--debug-listen") {
			t.Errorf("%s: status %d, %s", address, status, errs.String())
		}
	}
}
