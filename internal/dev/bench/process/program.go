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

// Program is a server that runs.
type Program struct {
	Name string
	URL  string // http://127.0.0.1:port, as it told by itself
	cmd  *exec.Cmd
	done chan error
}

// startTime is how long a program may take to serve; stopTime how long it may
// take to end before it is killed.
const (
	startTime = time.Minute
	stopTime  = 30 * time.Second
)

// Start runs a program until Stop, when it has told its URL on standard output.
// What it logs goes to a file of its name in dir.
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
	// The interrupt typed at the terminal is for its parent, which then ends it
	// in order.
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

// awaitURL reads what a program tells until it tells a URL, and goes on reading
// lest it blocks.
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

// Pid is its process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Stop ends the program, which then has ended whatever is returned.
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
