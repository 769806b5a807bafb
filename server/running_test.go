package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// testPassword is the administrator's password in tests.
const testPassword = "correct horse battery"

// running is a server started as a user would, in the process of the test.
type running struct {
	URL  string
	logs *lines
	stop func() int
}

// lines stores output that can be read while more is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var serving = regexp.MustCompile(`Serving the API at (\S+)/graphql`)

// start runs `serve` with flags until the test ends, or until it is stopped.
func start(t *testing.T, flags ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	out, in := io.Pipe()
	s := &running{logs: &lines{}}
	status := make(chan int, 1)
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-password", testPassword, "--drain-time", "0s"}, flags...)
	go func() {
		status <- run(ctx, args, strings.NewReader(""), in, s.logs)
		_ = in.Close()
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		return <-status
	})
	t.Cleanup(func() { s.stop() })
	told := bufio.NewScanner(out)
	for s.URL == "" {
		if !told.Scan() {
			t.Fatalf("the server does not serve: %s", s.logs)
		}
		if found := serving.FindStringSubmatch(told.Text()); found != nil {
			s.URL = found[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

// ask sends a request as the administrator; headers come in pairs.
func (s *running) ask(t *testing.T, method, path, body string, headers ...string) string {
	t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("admin", testPassword)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Timeout: time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// query runs a GraphQL operation that must succeed.
func (s *running) query(t *testing.T, query string, headers ...string) string {
	t.Helper()
	answer := s.ask(t, http.MethodPost, "/graphql", fmt.Sprintf(`{"query":%q}`, query),
		append([]string{"Content-Type", "application/json"}, headers...)...)
	if strings.Contains(answer, `"errors"`) {
		t.Fatalf("%s: %s", query, answer)
	}
	return answer
}
