// Package service runs the long-lived goroutines of the program. A Supervisor
// starts each of them, turns a panic into an error, starts what failed again
// after a delay that grows, and reports the state of each: to the log, to the
// metrics and to /readyz. No service can end the process.
//
// A service is a name and a function that works until its context ends:
//
//	s := service.New(service.Options{Log: log})
//	s.Add(service.Service{Name: "job-worker-1", Run: worker.Run})
//	s.Add(service.Service{Name: "expired-sessions", Run: service.Every(time.Hour, removeExpired)})
//	s.Run(ctx) // returns when ctx has ended and every service has returned
//
// The states of a service:
//
//	new ──▶ running ──▶ stopped    its context ended, or Run returned nil: it has no more to do
//	          │  ▲
//	          ▼  │ after the delay
//	         failed               Run returned an error, or panicked
//
// A goroutine that belongs to a request, and cannot be a service, is started
// with Go, or calls Recovered where somebody waits for its result.
package service

import (
	"context"
	"log/slog"
	"time"
)

// Service is work that goes on as long as the program.
type Service struct {
	// Name is unique in the program, and a label of its metrics.
	Name string
	// Run works until ctx ends. When it returns an error or panics before
	// that, it is called again after a delay; nil means that it has no more
	// to do.
	Run func(ctx context.Context) error
	// Essential makes the server not ready while the service has failed.
	Essential bool
}

// State is what a service is doing.
type State string

// The states; the package comment has their diagram.
const (
	StateNew     State = "new"
	StateRunning State = "running"
	StateFailed  State = "failed"
	StateStopped State = "stopped"
)

// Status is a service at one moment.
type Status struct {
	Name      string
	State     State
	Essential bool
	// Failures counts the errors and panics since the start.
	Failures int64
}

// Options of a Supervisor.
type Options struct {
	Log *slog.Logger
	// FirstDelay is the delay before a failed service is started again, 1 s
	// where it is 0. It grows with each failure in a row, up to LongestDelay,
	// 1 minute where that is 0.
	FirstDelay, LongestDelay time.Duration
}
