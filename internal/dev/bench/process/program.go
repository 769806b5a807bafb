package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// Program is a running server.
type Program struct {
	Name string
	URL  string // http://127.0.0.1:port, from its own output
	cmd  *exec.Cmd
	done chan error
}

// startTime is the time limit for a program to serve, stopTime the time limit to end before it is killed.
const (
	startTime = time.Minute
	stopTime  = 30 * time.Second
)

// Start starts a program that runs until Stop, and waits until it prints its URL on standard output. Its log goes to a file
// with its name in dir.
func Start(ctx context.Context, name, dir, program string, args ...string) (*Program, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	out, told, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = told, log
	// An interrupt at the terminal reaches only the parent, which then ends the program in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	_ = told.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), out.Close())
	}
	p := &Program{Name: name, cmd: cmd, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	if p.URL, err = awaitURL(ctx, out); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("start %s: %w\n%s", name, err, text), p.Stop())
	}
	return p, nil
}

// awaitURL reads a program's output until it has a URL, and reads on so that the program does not block.
func awaitURL(ctx context.Context, out *os.File) (string, error) {
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	found := make(chan string, 1)
	go func() {
		defer out.Close()
		defer close(found)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if match := url.FindString(lines.Text()); match != "" {
				select {
				case found <- match:
				default:
				}
			}
		}
	}()
	select {
	case match, ok := <-found:
		if !ok {
			return "", errors.New("it ended")
		}
		return match, nil
	case <-time.After(startTime):
		return "", errors.New("it does not tell its URL")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Pid returns its process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Stop ends the program. It has ended when Stop returns, also with an error.
func (p *Program) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("%s did not stop within %v", p.Name, stopTime), p.cmd.Process.Kill(), <-p.done)
	}
}
