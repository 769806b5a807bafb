package store

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhoComesLaterWaitsForTheNextAnswer: a caller does not get the answer of a query that began before its call.
func TestWhoComesLaterWaitsForTheNextAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, asked := make(chan struct{}), 0
		a := &coalescer[int]{fetch: func(context.Context) (int, error) {
			asked++
			n := asked
			<-release
			return n, nil
		}}
		var all sync.WaitGroup
		expect := func(want int) {
			all.Go(func() {
				if got, err := a.get(t.Context()); got != want || err != nil {
					t.Errorf("the answer is %d, %v; want %d", got, err, want)
				}
			})
			synctest.Wait()
		}
		expect(1)
		for range 3 {
			expect(2) // all share one
		}
		release <- struct{}{}
		synctest.Wait()
		expect(3)
		close(release)
		all.Wait()
		expect(4)
		all.Wait()
	})
}

// TestAQuestionIsBounded: if the server does not answer, callers wait no longer than the timeout, and a cancelled caller
// does not end the query for the others.
func TestAQuestionIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &coalescer[int]{fetch: func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		started := time.Now()
		if _, err := a.get(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone hears %v", err)
		}
		if _, err := a.get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waits hears %v", err)
		}
		if took := time.Since(started); took != coalesceTimeout {
			t.Errorf("the answer took %v", took)
		}
		synctest.Wait()
		time.Sleep(coalesceTimeout) // the query times out
		synctest.Wait()
	})
}
