package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Mode is a way to stop a server.
type Mode string

// The modes, gentlest first.
const (
	Smart     Mode = "smart"     // waits until every client has disconnected
	Fast      Mode = "fast"      // ends the clients' sessions and writes everything to disk
	Immediate Mode = "immediate" // ends at once; the next start recovers
	Kill      Mode = "kill"      // SIGKILL for every process, as by the kernel's OOM killer
)

// stopTimeout is the time limit of an orderly stop. After it, Stop kills the server and returns an error.
const stopTimeout = time.Minute

// Stop stops the server and returns when all of its processes have ended. It does nothing if the server is stopped. It
// resumes a frozen server first, except in the mode Kill.
func (s *Server) Stop(mode Mode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return nil
	}
	pids := s.processes()
	signals := map[Mode]syscall.Signal{Smart: syscall.SIGTERM, Fast: syscall.SIGINT, Immediate: syscall.SIGQUIT}
	var late error
	if signal, ok := signals[mode]; ok {
		if err := s.cmd.Process.Signal(signal); err != nil {
			return fmt.Errorf("stop PostgreSQL: %w", err)
		}
		for _, pid := range pids {
			signalPid(pid, syscall.SIGCONT)
		}
		select {
		case <-s.done:
		case <-time.After(stopTimeout):
			late = fmt.Errorf("PostgreSQL did not stop within %v (mode %s)", stopTimeout, mode)
		}
	}
	for _, pid := range pids {
		signalPid(pid, syscall.SIGKILL)
	}
	<-s.done
	s.cmd = nil
	return errors.Join(late, awaitGone(pids))
}

// Restart stops the server and starts it again on the same port. It returns when the server accepts queries.
func (s *Server) Restart(ctx context.Context, mode Mode) error {
	if err := s.Stop(mode); err != nil {
		return err
	}
	return s.Run(ctx)
}

// Run starts a stopped server, and returns when it accepts queries.
func (s *Server) Run(ctx context.Context) error { return s.launch(ctx) }

// Freeze suspends all processes of the server: connections stay open, nothing answers, and the kernel accepts new
// connections up to its backlog.
func (s *Server) Freeze() error { return s.signalAll(syscall.SIGSTOP) }

// Thaw resumes a frozen server.
func (s *Server) Thaw() error { return s.signalAll(syscall.SIGCONT) }

func (s *Server) signalAll(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return errors.New("PostgreSQL does not run")
	}
	// The postmaster comes first, so that the list of its children is final.
	if err := s.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal PostgreSQL: %w", err)
	}
	for _, pid := range s.processes() {
		signalPid(pid, signal)
	}
	return nil
}

// signalPid ignores errors: the process may have just ended.
func signalPid(pid int, signal syscall.Signal) { _ = syscall.Kill(pid, signal) }

// processes returns the postmaster, first, and its children. The caller holds mu.
func (s *Server) processes() []int {
	pid := s.cmd.Process.Pid
	pids := []int{pid}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return pids
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // has ended meanwhile
		}
		// The format is: pid (name) state parent …, where the name may contain anything.
		_, rest, found := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
		fields := strings.Fields(rest)
		if !found || len(fields) < 2 || fields[1] != strconv.Itoa(pid) {
			continue
		}
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// awaitGone waits until none of the processes exists: an orphan still uses the shared memory, and a new server would refuse
// to start.
func awaitGone(pids []int) error {
	deadline := time.Now().Add(stopTimeout)
	for _, pid := range pids {
		for exists(pid) {
			if time.Now().After(deadline) {
				return fmt.Errorf("process %d of PostgreSQL does not end", pid)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// exists reports whether a process exists and is not a zombie: init in a container may never collect those of orphans.
func exists(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	state := strings.TrimSpace(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// launch starts the postmaster and waits until it accepts queries.
func (s *Server) launch(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return errors.New("PostgreSQL runs already")
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the server's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port))
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "LC_ALL=C.UTF-8")
	// An interrupt at the terminal reaches only the tests, which then end the server in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner.credential, Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its log has the reason
	}()
	s.cmd, s.done = cmd, done
	if err := s.awaitReady(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, s.Log())
	}
	return nil
}

func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	db, err := sql.Open("postgres", s.URL("postgres")+"&connect_timeout=5")
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			s.cmd = nil
			return fmt.Errorf("PostgreSQL ended while starting: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
