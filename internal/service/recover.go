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
	go func() {
		err := Recovered(func() error {
			f()
			return nil
		})
		if err != nil {
			log.Error("a goroutine has failed", "name", name, "error", err)
		}
	}()
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
