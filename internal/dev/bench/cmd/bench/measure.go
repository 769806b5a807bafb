package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cloudapi/internal/dev/bench/load"
	"cloudapi/internal/dev/bench/process"
)

// sample is the result of one measurement.
type sample struct {
	load.Result
	// CPU time for each request: of the program, and of PostgreSQL.
	own, database time.Duration
}

// measuring has the samples: for each row and subject, by index, one sample for each round.
type measuring struct {
	options
	postmaster int
	samples    map[[2]int][]sample
}

func newMeasuring(o options, postmaster int) *measuring {
	return &measuring{options: o, postmaster: postmaster, samples: map[[2]int][]sample{}}
}

// warmUp is how long each subject is under load before the first round, to prepare statements and fill caches.
const warmUp = 2 * time.Second

func (m *measuring) all(ctx context.Context, rows []row) error {
	for _, r := range rows {
		for _, s := range r.subjects {
			if _, err := m.one(ctx, s, warmUp); err != nil {
				return fmt.Errorf("%s, %s: %w", r.key, s.name, err)
			}
		}
		if err := r.clean(ctx); err != nil {
			return err
		}
	}
	for round := range m.rounds {
		for i, r := range rows {
			for k := range r.subjects {
				// The order changes, so that no subject always follows the same one.
				k = (k + round) % len(r.subjects)
				s, err := m.one(ctx, r.subjects[k], time.Duration(m.seconds)*time.Second)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", r.key, r.subjects[k].name, err)
				}
				m.samples[[2]int{i, k}] = append(m.samples[[2]int{i, k}], s)
				say("round %d, %-10s %-14s %7.0f requests/s", round+1, r.key, r.subjects[k].name, s.Rate())
			}
			if err := r.clean(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r row) clean(ctx context.Context) error {
	if r.undo == nil {
		return nil
	}
	return r.undo(ctx)
}

func (m *measuring) one(ctx context.Context, s subject, d time.Duration) (sample, error) {
	own, database, err := m.cpu(s.target)
	if err != nil {
		return sample{}, err
	}
	result, err := load.Run(ctx, load.Plan{URL: s.target.URL, Requests: s.requests, Connections: m.connections, Duration: d})
	if err != nil {
		return sample{}, err
	}
	ownAfter, databaseAfter, err := m.cpu(s.target)
	n := time.Duration(result.Requests)
	return sample{result, (ownAfter - own) / n, (databaseAfter - database) / n}, err
}

func (m *measuring) cpu(t *process.Program) (own, database time.Duration, err error) {
	if own, err = process.CPU(t.Pid()); err != nil {
		return 0, 0, err
	}
	database, err = process.FamilyCPU(m.postmaster)
	return own, database, err
}

// median returns the median of a value over the rounds of a subject.
func (m *measuring) median(row, subject int, of func(sample) float64) float64 {
	var values []float64
	for _, s := range m.samples[[2]int{row, subject}] {
		values = append(values, of(s))
	}
	return median(values)
}

// ratios returns the ratios of the first subject's rate to another's, for each round.
func (m *measuring) ratios(row, subject int) []float64 {
	var values []float64
	for round, s := range m.samples[[2]int{row, 0}] {
		values = append(values, s.Rate()/m.samples[[2]int{row, subject}][round].Rate())
	}
	return values
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
