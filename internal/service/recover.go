package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// PanicError is a panic as an error. Its text is for the log only.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns the value and the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// LogPanic logs a recovered panic with its stack. It panics again for http.ErrAbortHandler, which breaks an answer off.
func LogPanic(ctx context.Context, log *slog.Logger, value any) {
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value)
	}
	log.ErrorContext(ctx, "panic", "value", value, "stack", string(debug.Stack()))
}

// errExited is the error of a function that called runtime.Goexit.
var errExited = errors.New("service: the function ended its goroutine")

// Recovered calls f and returns its error; a panic becomes a PanicError.
func Recovered(f func() error) (err error) {
	err = errExited
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}

// Go calls f on its own goroutine. A panic ends only that goroutine, and is logged with its stack.
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

// Start calls f on its own goroutine and returns a channel for its error; a panic becomes a PanicError.
func Start(f func() error) <-chan error {
	result := make(chan error, 1)
	go func() {
		err := errExited
		defer func() { result <- err }()
		err = Recovered(f)
	}()
	return result
}

// All calls functions concurrently, each on its own goroutine, until all have returned. When one of them fails or panics, it
// cancels the context of the others.
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

// Every returns a service that runs work at once and then after each interval. If work fails, the supervisor restarts the
// service after its delay.
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
