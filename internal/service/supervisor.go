package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Supervisor runs services. It is safe for concurrent use.
type Supervisor struct {
	options Options
	work    sync.WaitGroup

	mu       sync.Mutex
	ctx      context.Context // of Run, nil before
	services []*supervised
}

// supervised is a service and its status, which is guarded by the supervisor's mu.
type supervised struct {
	Service
	status Status
}

// New returns a supervisor without services.
func New(o Options) *Supervisor {
	o.FirstDelay = cmp.Or(o.FirstDelay, time.Second)
	o.LongestDelay = cmp.Or(o.LongestDelay, time.Minute)
	return &Supervisor{options: o}
}

// Add adds a service. It starts with Run, or at once if Run was called before.
func (s *Supervisor) Add(one Service) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := &supervised{one, Status{Name: one.Name, State: StateNew, Essential: one.Essential}}
	s.services = append(s.services, added)
	if s.ctx != nil {
		s.start(added)
	}
}

// Run starts the services, and returns when ctx has ended and all of them have returned.
func (s *Supervisor) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx = ctx
	// Prevents Wait from returning before ctx ends, so that Add may be called meanwhile.
	s.work.Add(1)
	for _, one := range s.services {
		s.start(one)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.work.Done()
	s.mu.Unlock()
	s.work.Wait()
}

// start starts a service; mu is held.
func (s *Supervisor) start(one *supervised) {
	if s.ctx.Err() != nil {
		return
	}
	s.work.Add(1)
	ctx := s.ctx
	go func() {
		defer s.work.Done()
		s.supervise(ctx, one)
	}()
}

// supervise runs a service until its work is complete or its context ends.
func (s *Supervisor) supervise(ctx context.Context, one *supervised) {
	defer s.set(one, StateStopped)
	delay := backoff.NewExponentialBackOff()
	delay.InitialInterval, delay.MaxInterval = s.options.FirstDelay, s.options.LongestDelay
	for {
		s.set(one, StateRunning)
		started := time.Now()
		err := Recovered(func() error { return one.Run(ctx) })
		if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return
		}
		s.set(one, StateFailed)
		if time.Since(started) > s.options.LongestDelay {
			delay.Reset() // it ran for a while before it failed
		}
		wait := delay.NextBackOff()
		s.options.Log.ErrorContext(ctx, "a service has failed", "service", one.Name, "restart_in", wait, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *Supervisor) set(one *supervised, state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.status.State = state
	if state == StateFailed {
		one.status.Failures++
	}
}

// Status returns the services in the order in which they were added.
func (s *Supervisor) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Status, len(s.services))
	for i, one := range s.services {
		all[i] = one.status
	}
	return all
}

// Ready returns an error that names the essential services that have failed.
func (s *Supervisor) Ready() error {
	var failed error
	for _, one := range s.Status() {
		if one.Essential && one.State == StateFailed {
			failed = errors.Join(failed, fmt.Errorf("the service %s has failed", one.Name))
		}
	}
	return failed
}
