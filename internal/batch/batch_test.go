package batch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cloudapi/internal/batch"
)

// gate is a run function that records its input and waits until the test releases it.
type gate struct {
	mu     sync.Mutex
	seen   []string
	open   chan struct{}
	ended  error // why its last context had ended when it was released
	atOnce int
	most   int
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) run(ctx context.Context, key string, members []int) []batch.Result[string] {
	g.mu.Lock()
	g.seen = append(g.seen, fmt.Sprint(key, members))
	g.atOnce++
	g.most = max(g.most, g.atOnce)
	g.mu.Unlock()
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.atOnce--
	g.ended = context.Cause(ctx)
	results := make([]batch.Result[string], len(members))
	for i, m := range members {
		if m < 0 {
			results[i].Err = errors.New("negative")
			continue
		}
		results[i].Out = fmt.Sprint(key, m)
	}
	return results
}

// answers collects the callers' results, by their input.
type answers struct {
	mu  sync.Mutex
	all map[int]string
}

func (a *answers) ask(ctx context.Context, g *batch.Group[string, int, string], key string, in int) {
	out, err := g.Do(ctx, key, in)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil {
		a.all = map[int]string{}
	}
	a.all[in] = out
	if err != nil {
		a.all[in] = err.Error()
	}
}

// arrive calls with each of ins in turn, each after the previous one has begun to wait.
func (a *answers) arrive(ctx context.Context, g *batch.Group[string, int, string], key string, ins ...int) {
	for _, in := range ins {
		go a.ask(ctx, g, key, in)
		synctest.Wait()
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatWaitsIsExecutedTogether(t *testing.T) {
	for name, c := range map[string]struct {
		options batch.Options
		ins     []int
		seen    []string
	}{
		"one by one, then those who wait": {batch.Options{}, []int{1, 2, 3, 4}, []string{"a[1]", "a[2 3 4]"}},
		"at most so many, in order":       {batch.Options{Max: 2}, []int{1, 2, 3, 4, 5, 6}, []string{"a[1]", "a[2 3]", "a[4 5]", "a[6]"}},
		"a lone one":                      {batch.Options{}, []int{1}, []string{"a[1]"}},
		"one fails, the others do not":    {batch.Options{}, []int{1, 2, -3, 4}, []string{"a[1]", "a[2 -3 4]"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, got, executed := newGate(), &answers{}, 0
				c.options.Executed = func(members int) { executed += members }
				group := batch.New(c.options, gate.run)
				got.arrive(t.Context(), group, "a", c.ins...)
				close(gate.open)
				synctest.Wait()
				equal(t, gate.seen, c.seen)
				equal(t, executed, len(c.ins))
				for _, in := range c.ins {
					want := fmt.Sprint("a", in)
					if in < 0 {
						want = "negative"
					}
					equal(t, got.all[in], want)
				}
				equal(t, gate.most, 1)
				equal(t, group.Keys(), 0)
			})
		})
	}
}

func TestSoManyExecutionsRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, got := newGate(), &answers{}
		group := batch.New(batch.Options{Parallel: 2}, gate.run)
		got.arrive(t.Context(), group, "a", 1, 2, 3, 4)
		equal(t, gate.seen, []string{"a[1]", "a[2]"})
		gate.open <- struct{}{}
		synctest.Wait()
		equal(t, gate.seen, []string{"a[1]", "a[2]", "a[3 4]"})
		close(gate.open)
		synctest.Wait()
		equal(t, gate.most, 2)
		equal(t, len(got.all), 4)
	})
}

// TestAFloodOfOneKeyLeavesOthersAlone: another key is executed at once, however many calls of the first wait.
func TestAFloodOfOneKeyLeavesOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, got := newGate(), &answers{}
		group := batch.New(batch.Options{Max: 8}, gate.run)
		for i := range 100 {
			go got.ask(t.Context(), group, "flood", i)
		}
		synctest.Wait()
		equal(t, group.Present(), 100)
		got.arrive(t.Context(), group, "b", 1000)
		equal(t, gate.seen[1], "b[1000]")
		close(gate.open)
		synctest.Wait()
		equal(t, len(got.all), 101)
		for _, seen := range gate.seen {
			if n := len(strings.Fields(seen)); n > 8 {
				t.Errorf("%d members in one execution: %s", n, seen)
			}
		}
		equal(t, group.Keys(), 0)
		equal(t, group.Present(), 0)
	})
}

// TestALoneCallerIsExecutedOnItsOwnContext: a single caller's work runs with its own context.
func TestALoneCallerIsExecutedOnItsOwnContext(t *testing.T) {
	type key struct{}
	own := context.WithValue(t.Context(), key{}, 1)
	group := batch.New(batch.Options{}, func(ctx context.Context, _ string, members []int) []batch.Result[bool] {
		return []batch.Result[bool]{{Out: ctx == own}}
	})
	if same, err := group.Do(own, "a", 1); err != nil || !same {
		t.Errorf("another context: %v", err)
	}
}

func TestSharedWorkHasATimeOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, got := newGate(), &answers{}
		group := batch.New(batch.Options{Time: time.Second}, gate.run)
		got.arrive(t.Context(), group, "a", 1, 2, 3)
		gate.open <- struct{}{}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		equal(t, gate.ended, context.DeadlineExceeded)
		equal(t, len(got.all), 3)
	})
}

// TestAnExecutionThatBreaksFailsItsMembersOnly: however run ends, each member gets a result, and later calls are executed.
func TestAnExecutionThatBreaksFailsItsMembersOnly(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func() []batch.Result[string]
		want   string
	}{
		"a panic":             {func() []batch.Result[string] { panic("broken") }, "panic: broken"},
		"its goroutine ended": {func() []batch.Result[string] { runtime.Goexit(); return nil }, "ended its goroutine"},
		"too few results":     {func() []batch.Result[string] { return nil }, "0 results for 2 members"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, got := newGate(), &answers{}
				group := batch.New(batch.Options{Max: 2}, func(ctx context.Context, key string, members []int) []batch.Result[string] {
					results := gate.run(ctx, key, members)
					if slices.Contains(members, 2) {
						return c.breaks()
					}
					return results
				})
				got.arrive(t.Context(), group, "a", 1, 2, 3, 4, 5)
				close(gate.open)
				synctest.Wait()
				for in, want := range map[int]string{1: "a1", 2: c.want, 3: c.want, 4: "a4", 5: "a5"} {
					if !strings.Contains(got.all[in], want) {
						t.Errorf("%d got %q, want %q", in, got.all[in], want)
					}
				}
				got.arrive(t.Context(), group, "a", 6)
				equal(t, got.all[6], "a6")
				equal(t, group.Keys(), 0)
			})
		})
	}
}

// TestEveryoneIsAnsweredOnce is for the race detector: many callers, some of them cancelled, with several keys.
func TestEveryoneIsAnsweredOnce(t *testing.T) {
	group := batch.New(batch.Options{Max: 5, Parallel: 2}, func(_ context.Context, key int, members []int) []batch.Result[int] {
		results := make([]batch.Result[int], len(members))
		for i, m := range members {
			results[i].Out = key*1000 + m
		}
		return results
	})
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%7 == 0 {
				go cancel()
			}
			got, err := group.Do(ctx, i%3, i)
			if err == nil && got != i%3*1000+i || err != nil && i%7 != 0 {
				t.Errorf("%d got %d, %v", i, got, err)
			}
		})
	}
	all.Wait()
}

func BenchmarkLone(b *testing.B) {
	group := batch.New(batch.Options{}, func(context.Context, int, []int) []batch.Result[int] {
		return make([]batch.Result[int], 1)
	})
	for b.Loop() {
		if _, err := group.Do(b.Context(), 1, 1); err != nil {
			b.Fatal(err)
		}
	}
}
