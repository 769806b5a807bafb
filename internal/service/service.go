// Package service runs the long-lived goroutines of the program. A Supervisor starts each of them, turns a panic into an
// error, restarts a failed service after a growing delay, and reports the state of each in the log, in the metrics and in
// /readyz. No service can end the process.
//
// A service is a name and a function that runs until its context ends:
//
//	s := service.New(service.Options{Log: log})
//	s.Add(service.Service{Name: "job-worker-1", Run: worker.Run})
//	s.Add(service.Service{Name: "expired-sessions", Run: service.Every(time.Hour, removeExpired)})
//	s.Run(ctx) // returns when ctx has ended and every service has returned
//
// The states of a service:
//
//	new ──▶ running ──▶ stopped    its context ended, or Run returned nil: its work is complete
//	          │  ▲
//	          ▼  │ after the delay
//	         failed               Run returned an error, or panicked
//
// A goroutine that belongs to a request is not a service: start it with Go, or call Recovered if its result is used.
package service

import (
	"context"
	"log/slog"
	"time"
)

// Service is work that runs as long as the program.
type Service struct {
	// Name is unique in the program, and a label of its metrics.
	Name string
	// Run works until ctx ends. If it returns an error or panics before, it is called again after a delay; nil means that
	// its work is complete.
	Run func(ctx context.Context) error
	// Essential makes the server not ready while the service has failed.
	Essential bool
}

// State is the state of a service.
type State string

// The states; the package comment has their diagram.
const (
	StateNew     State = "new"
	StateRunning State = "running"
	StateFailed  State = "failed"
	StateStopped State = "stopped"
)

// Status is the status of a service at one moment.
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
	// FirstDelay is the delay before a failed service is restarted; 0 means 1 s. It grows with each consecutive failure up
	// to LongestDelay; 0 means 1 minute.
	FirstDelay, LongestDelay time.Duration
}
