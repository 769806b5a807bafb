package service_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloudapi/internal/service"
)

// logged is a log that a test can read while services write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func supervisor(w io.Writer) *service.Supervisor {
	return service.New(service.Options{
		Log: slog.New(slog.NewTextHandler(w, nil)), FirstDelay: time.Millisecond, LongestDelay: 5 * time.Millisecond,
	})
}

// run runs a supervisor until the test ends or stop is called.
func run(t *testing.T, s *service.Supervisor) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not after 30 s", what)
		}
	}
}

func waits(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestAFailedServiceIsStartedAgain: an error, a panic and runtime.Goexit are failures of that service only.
func TestAFailedServiceIsStartedAgain(t *testing.T) {
	log := &logged{}
	s := supervisor(log)
	var calls atomic.Int32
	s.Add(service.Service{Name: "unlucky", Essential: true, Run: func(ctx context.Context) error {
		switch calls.Add(1) {
		case 1:
			return errors.New("the first call has failed")
		case 2:
			var none map[string]int
			none["x"] = 1 //nolint:staticcheck // SA5000: the panic is the test
		}
		return waits(ctx)
	}})
	s.Add(service.Service{Name: "lucky", Run: waits})
	run(t, s)
	eventually(t, "three calls", func() bool { return calls.Load() == 3 })
	eventually(t, "both run", func() bool {
		all := s.Status()
		return all[0].State == service.StateRunning && all[0].Failures == 2 && all[1].State == service.StateRunning && all[1].Failures == 0
	})
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"the first call has failed", "assignment to entry in nil map", "service_test.go", "service=unlucky"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, log)
		}
	}
}

func TestRunReturnsWhenAllHaveReturned(t *testing.T) {
	s := supervisor(io.Discard)
	release := make(chan struct{})
	s.Add(service.Service{Name: "slow", Run: func(ctx context.Context) error {
		<-ctx.Done()
		<-release
		return nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		s.Run(ctx)
	}()
	eventually(t, "it runs", func() bool { return s.Status()[0].State == service.StateRunning })
	cancel()
	select {
	case <-returned:
		t.Error("Run has returned before its service")
	default:
	}
	close(release)
	<-returned
	if state := s.Status()[0].State; state != service.StateStopped {
		t.Errorf("the state is %s", state)
	}
}

func TestAServiceMayEndAndBeAddedLate(t *testing.T) {
	s := supervisor(io.Discard)
	stop := run(t, s)
	var once atomic.Int32
	s.Add(service.Service{Name: "once", Run: func(context.Context) error { once.Add(1); return nil }})
	eventually(t, "it has stopped", func() bool { return s.Status()[0].State == service.StateStopped })
	stop()
	if once.Load() != 1 {
		t.Errorf("%d calls of a service that has no more to do", once.Load())
	}
}

func TestAnEssentialServiceThatFailsIsNotReady(t *testing.T) {
	s := service.New(service.Options{Log: slog.New(slog.DiscardHandler), FirstDelay: time.Hour, LongestDelay: time.Hour})
	s.Add(service.Service{Name: "reader", Essential: true, Run: func(context.Context) error { return errors.New("no") }})
	run(t, s)
	eventually(t, "not ready", func() bool { return s.Ready() != nil })
	if err := s.Ready(); !strings.Contains(err.Error(), "reader") {
		t.Errorf("%v", err)
	}
}

func TestEvery(t *testing.T) {
	s := supervisor(io.Discard)
	var calls atomic.Int32
	s.Add(service.Service{Name: "again", Run: service.Every(time.Millisecond, func(context.Context) error {
		if calls.Add(1) == 2 {
			return errors.New("the second call has failed")
		}
		return nil
	})})
	run(t, s)
	eventually(t, "five calls", func() bool { return calls.Load() >= 5 })
	if failures := s.Status()[0].Failures; failures != 1 {
		t.Errorf("%d failures", failures)
	}
}

func TestGoLogsAPanic(t *testing.T) {
	log := &logged{}
	service.Go(slog.New(slog.NewTextHandler(log, nil)), "request", func() { panic("boom") })
	eventually(t, "the log has it", func() bool {
		return strings.Contains(log.String(), "boom") && strings.Contains(log.String(), "name=request")
	})
	service.AfterFunc(slog.New(slog.NewTextHandler(log, nil)), "timer", time.Nanosecond, func() { panic("late") })
	eventually(t, "the log has the timer's panic", func() bool {
		return strings.Contains(log.String(), "late") && strings.Contains(log.String(), "name=timer")
	})
}

// TestAllEndsTogether: when one function fails, panics or exits its goroutine, the context of the others ends, and All
// returns the reason.
func TestAllEndsTogether(t *testing.T) {
	for want, fail := range map[string]func(context.Context) error{
		"no":          func(context.Context) error { return errors.New("no") },
		"panic: boom": func(context.Context) error { panic("boom") },
		"goroutine":   func(context.Context) error { runtime.Goexit(); return nil },
	} {
		err := service.All(t.Context(), waits, fail, func(context.Context) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("All returned %v, want %s", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := service.Start(func() error { return service.All(ctx, waits, waits) })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("All returned %v", err)
	}
}
