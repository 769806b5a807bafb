package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// PanicError is a panic as an error. Its text is for the log; no client may see
// it.
type PanicError struct {
	Value any
	Stack []byte
}

// Error has the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// errExited is the error of a function that has called runtime.Goexit.
var errExited = errors.New("service: the function ended its goroutine")

// Recovered calls f and returns its error, a panic of f as a PanicError.
func Recovered(f func() error) (err error) {
	err = errExited
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Go calls f on a goroutine of its own. A panic ends that goroutine only, and is
// logged with its stack.
func Go(log *slog.Logger, name string, f func()) {
	go logPanic(log, name, f)
}

// AfterFunc calls f on a goroutine of its own after d, as time.AfterFunc does. A
// panic ends that goroutine only, and is logged with its stack.
func AfterFunc(log *slog.Logger, name string, d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { logPanic(log, name, f) })
}

func logPanic(log *slog.Logger, name string, f func()) {
	err := Recovered(func() error {
		f()
		return nil
	})
	if err != nil {
		log.Error("a goroutine has failed", "name", name, "error", err)
	}
}

// Start calls f on a goroutine of its own, for a caller that waits for the result.
// A panic is the result.
func Start(f func() error) <-chan error {
	result := make(chan error, 1)
	go func() {
		err := errExited
		defer func() { result <- err }()
		err = Recovered(f)
	}()
	return result
}

// All calls functions at the same time, each on a goroutine of its own, until all
// have returned. When one of them fails or panics, the context of the others ends.
func All(ctx context.Context, functions ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]<-chan error, len(functions))
	for i, f := range functions {
		results[i] = Start(func() (err error) {
			err = errExited
			defer func() {
				if err != nil {
					cancel()
				}
			}()
			err = Recovered(func() error { return f(ctx) })
			return err
		})
	}
	var failed error
	for _, result := range results {
		failed = errors.Join(failed, <-result)
	}
	return failed
}

// Every makes a service of work that is done at once and then again after each
// interval. Work that fails is repeated after the supervisor's delay.
func Every(interval time.Duration, work func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			if err := work(ctx); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
}
