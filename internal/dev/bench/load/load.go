// Package load generates load on a server with wrk.
package load

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed requests.lua
var script []byte

// Request is a request to send. No part may contain tabs or line breaks.
type Request struct {
	Method        string
	Path          string
	Body          string // JSON, "" for none
	Authorization string // the header's value, "" for none
}

// Plan describes a load.
type Plan struct {
	URL         string // of the server, without a path
	Requests    []Request
	Connections int // each sends its next request after the previous answer
	Duration    time.Duration
}

// Result is the result of a load.
type Result struct {
	Requests int // answered, all with a status below 400
	Duration time.Duration
	P50, P99 time.Duration // latency
}

// Rate returns the requests per second.
func (r Result) Rate() float64 { return float64(r.Requests) / r.Duration.Seconds() }

// Run sends the requests in random order until the time is over. It fails if an answer is not a success or a connection
// breaks.
func Run(ctx context.Context, p Plan) (r Result, err error) {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return r, fmt.Errorf("prepare the load: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	lua, list := filepath.Join(dir, "requests.lua"), filepath.Join(dir, "requests")
	if err := errors.Join(os.WriteFile(lua, script, 0o600), os.WriteFile(list, lines(p.Requests), 0o600)); err != nil {
		return r, fmt.Errorf("prepare the load: %w", err)
	}
	out, err := exec.CommandContext(ctx, "wrk", "--threads", "1", "--connections", strconv.Itoa(p.Connections),
		"--duration", strconv.Itoa(int(p.Duration.Seconds()))+"s", "--timeout", "30s", "--script", lua, p.URL, "--", list).CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	return parse(string(out))
}

func lines(requests []Request) []byte {
	var b bytes.Buffer
	for _, r := range requests {
		b.WriteString(strings.Join([]string{r.Method, r.Path, r.Body, r.Authorization}, "\t") + "\n")
	}
	return b.Bytes()
}

// parse parses the line that the script writes; times are in microseconds.
func parse(out string) (Result, error) {
	_, line, _ := strings.Cut(out, "RESULT ")
	var requests, duration, p50, p99, failed, broken int
	_, err := fmt.Sscanf(line, "requests=%d duration=%d p50=%d p99=%d failed=%d broken=%d",
		&requests, &duration, &p50, &p99, &failed, &broken)
	if err != nil {
		return Result{}, fmt.Errorf("wrk told no result: %w\n%s", err, out)
	}
	if failed+broken > 0 || requests == 0 {
		return Result{}, fmt.Errorf("of %d requests %d failed and %d broke off", requests, failed, broken)
	}
	micro := func(n int) time.Duration { return time.Duration(n) * time.Microsecond }
	return Result{Requests: requests, Duration: micro(duration), P50: micro(p50), P99: micro(p99)}, nil
}
