package main

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

	"cloudapi/internal/bench/process"
)

// target is a program under load.
type target struct {
	name string
	url  string
	cmd  *exec.Cmd
	done chan error
}

// startTime is how long a program may take to serve; stopTime how long it may
// take to end before it is killed.
const (
	startTime = time.Minute
	stopTime  = 10 * time.Second
)

// start runs a program that tells its URL on standard output. What it logs
// goes to a file in dir.
func start(ctx context.Context, name, dir, program string, args ...string) (*target, error) {
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
	// The interrupt typed at the terminal is for the bench, which then ends its
	// programs in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	_ = told.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), out.Close())
	}
	t := &target{name: name, cmd: cmd, done: make(chan error, 1)}
	go func() { t.done <- cmd.Wait() }()
	if t.url, err = awaitURL(ctx, out); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("start %s: %w\n%s", name, err, text), t.stop())
	}
	return t, nil
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

func (t *target) pid() int { return t.cmd.Process.Pid }

// peak is the most memory it has held, in bytes.
func (t *target) peak() (int64, error) { return process.PeakMemory(t.pid()) }

// stop ends the program, which then has ended whatever is returned.
func (t *target) stop() error {
	if err := t.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-t.done:
		return err
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("%s did not stop within %v", t.name, stopTime), t.cmd.Process.Kill(), <-t.done)
	}
}
