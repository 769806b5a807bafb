package faults

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// outcome is what a client knows about its change.
type outcome int

const (
	refused outcome = iota
	unknown
	acknowledged
)

// judge returns the outcome of an answer. Only an answer below 500, or an unsent request, means that nothing was changed.
func judge(a answer) outcome {
	switch {
	case a.ok():
		return acknowledged
	case a.unsent(), a.Err == nil && a.Status >= 400 && a.Status < 500:
		return refused
	case a.Err == nil && a.Status == 200 && a.Code != "UNAVAILABLE" && a.Code != "TIMEOUT" && a.Code != "INTERNAL":
		return refused
	default:
		return unknown
	}
}

// entry is a change and its outcome.
type entry struct {
	change
	outcome outcome
	job     string
}

// ledger has the outcomes of all changes.
type ledger struct {
	mu      sync.Mutex
	entries []entry
	kinds   map[string]int // number of answers by kind
	made    int            // acknowledged changes
	slowest answer
	odd     []string // unexpected answers
	// expected reports whether the test expects an answer that is not a success; nil accepts any.
	expected func(answer) bool
}

// note records the answer to a change.
func (l *ledger) note(c change, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := entry{change: c, outcome: judge(a), job: a.job()}
	l.entries = append(l.entries, e)
	if e.outcome == acknowledged {
		l.made++
	}
	l.count(a)
}

// count counts an answer. The caller holds mu.
func (l *ledger) count(a answer) {
	if l.kinds == nil {
		l.kinds = map[string]int{}
	}
	l.kinds[a.kind()]++
	if a.Took > l.slowest.Took {
		l.slowest = a
	}
	if !a.ok() && l.expected != nil && !l.expected(a) {
		l.odd = append(l.odd, a.String())
	}
}

// heard counts the answer to a request that changes nothing.
func (l *ledger) heard(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(a)
}

// done returns the number of acknowledged changes so far.
func (l *ledger) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made
}

// failures returns the number of failed requests so far.
func (l *ledger) failures() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for kind, times := range l.kinds {
		if kind != "done" {
			n += times
		}
	}
	return n
}

// String returns the counts.
func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(l.kinds)) {
		parts = append(parts, fmt.Sprintf("%d %s", l.kinds[kind], kind))
	}
	return fmt.Sprintf("%d changes; answers: %s; the slowest took %v",
		len(l.entries), strings.Join(parts, ", "), l.slowest.Took.Round(time.Millisecond))
}

// settle compares the ledger with the database, sends unknown changes again with their keys, and compares again. It also
// repeats a sample of the acknowledged changes: they get their first answers, and change nothing.
func (w *world) settle(t *testing.T) {
	t.Helper()
	l := w.ledger
	l.check(t, w.db.contents(t), "before anything is sent again")
	again, repeated := 0, 0
	for i := range l.entries {
		e := &l.entries[i]
		switch {
		case e.key == "":
		case e.outcome == unknown:
			again++
			e.outcome, e.job = acknowledged, w.insist(t, e.change)
		case e.outcome == acknowledged && i%(1+len(l.entries)/50) == 0:
			repeated++
			if job := w.insist(t, e.change); job != e.job {
				t.Errorf("%s: repeated with its key it is job %s, at first it was %s", e.mark, job, e.job)
			}
		}
	}
	l.check(t, w.db.contents(t), "after what was unknown was sent again")
	for _, text := range l.odd {
		t.Errorf("an answer that should not have been given: %s", text)
	}
	t.Logf("seed %d: %s; %d sent again under their keys, %d repeated", *seed, l, again, repeated)
}

// insist sends a change with its key until it succeeds.
func (w *world) insist(t *testing.T, c change) string {
	t.Helper()
	var a answer
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		a = c.send(ctx, w.client, w.bases[0])
		cancel()
		if a.ok() {
			return a.job()
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s cannot be had with its key: %s", c.mark, a)
	return ""
}

// check compares the ledger with the contents of the database.
func (l *ledger) check(t *testing.T, c contents, when string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	wrong := 0
	for _, e := range l.entries {
		if problem := e.held(c); problem != "" {
			if wrong++; wrong <= 10 {
				t.Errorf("%s: %s %s (key %q, job %q): %s", when, e.action, e.mark, e.key, e.job, problem)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d of %d changes are wrong", when, wrong, len(l.entries))
	}
}

// held returns what is wrong with a change in the database, "" for nothing.
func (e entry) held(c contents) string {
	made, done := c.made[e.mark], c.done[e.mark]
	switch {
	case made != done:
		return fmt.Sprintf("it was made %d times, and has %d jobs that say so", made, done)
	case e.outcome == acknowledged && made != 1:
		return fmt.Sprintf("it was acknowledged, and made %d times", made)
	case e.outcome == acknowledged && (c.jobs[e.job].Status != "DONE" || c.jobs[e.job].Mark != e.mark):
		return fmt.Sprintf("it was acknowledged as a job that the database knows as %+v", c.jobs[e.job])
	case e.outcome == refused && made != 0:
		return fmt.Sprintf("it was refused, and made %d times", made)
	case made > 1:
		return fmt.Sprintf("it is not known to have been made, and was made %d times", made)
	}
	return ""
}
