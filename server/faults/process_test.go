package faults

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The administrator of every server.
const (
	login    = "admin"
	password = "correct horse battery"
)

// startTime is how long a server may take to be ready, on a busy machine.
const startTime = time.Minute

// process is a server as an operator runs it: the built binary.
type process struct {
	URL string

	t      testing.TB
	binary string
	flags  []string
	log    *lines
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
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

// last returns the end of the output without the usual lines, for a message.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var tail []string
	for line := range strings.Lines(l.text.String()) {
		if !strings.Contains(line, "level=INFO") {
			tail = append(tail, line)
		}
	}
	return strings.Join(tail[max(0, len(tail)-40):], "")
}

var serving = regexp.MustCompile(`Serving the API at (\S+)/graphql`)

// serve starts a server that ends with the test. Later flags take precedence.
func serve(t testing.TB, flags ...string) *process {
	t.Helper()
	return serveBinary(t, binaryPath, flags...)
}

// serveBinary is serve with another version of the program.
func serveBinary(t testing.TB, binary string, flags ...string) *process {
	t.Helper()
	p := &process{t: t, binary: binary, flags: flags, log: &lines{}}
	p.run("127.0.0.1:0")
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the server's log ends with:\n%s", p.log.last())
		}
	})
	return p
}

// run starts the process and returns when it is ready.
func (p *process) run(listen string) {
	p.t.Helper()
	args := append([]string{"serve", "--listen", listen, "--admin-login", login, "--admin-password", password}, p.flags...)
	cmd := exec.Command(p.binary, args...)
	cmd.Stderr = p.log
	// If the test binary is killed, its servers end too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatalf("start the server: %v", err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	told := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if found := serving.FindStringSubmatch(lines.Text()); found != nil {
				told <- found[1]
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // ProcessState has the result
		close(ended)
	}()
	select {
	case p.URL = <-told:
	case <-ended:
		p.t.Fatalf("the server ended: %s", p.log.last())
	case <-time.After(startTime):
		p.t.Fatalf("the server does not serve: %s", p.log.last())
	}
	p.awaitReady(startTime)
}

// again starts an ended server on the same address.
func (p *process) again() {
	p.t.Helper()
	p.run(strings.TrimPrefix(p.URL, "http://"))
}

// kill ends the process as the kernel would.
func (p *process) kill() {
	// An error means that it has already ended.
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// terminate sends SIGTERM to the process.
func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("stop the server: %v", err)
	}
}

// exit waits for the end of the process and returns its status.
func (p *process) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		p.t.Fatalf("the server has not ended after %v", within)
		return -1
	}
}

// ready reports whether the server is ready.
func (p *process) ready() bool {
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Get(p.URL + "/readyz")
	if err != nil {
		return false
	}
	_, read := io.Copy(io.Discard, answer.Body)
	return errors.Join(read, answer.Body.Close()) == nil && answer.StatusCode == http.StatusOK
}

// awaitReady waits until the server is ready, and returns how long it took.
func (p *process) awaitReady(within time.Duration) time.Duration {
	p.t.Helper()
	begun := time.Now()
	for !p.ready() {
		if time.Since(begun) > within {
			p.t.Fatalf("the server is not ready after %v: %s", within, p.log.last())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begun)
}
