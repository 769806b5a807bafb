package batch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"cloudapi/internal/batch"
)

func TestWhoLeavesLeavesAlone(t *testing.T) {
	gone := errors.New("hung up")
	for name, c := range map[string]struct {
		stay bool
		// leave says which callers are cancelled, while all wait and while they are executed.
		waiting, executed []int
		seen              []string
		answers           map[int]string
		ended             bool
	}{
		"while it waits": {
			waiting: []int{3}, seen: []string{"a[1]", "a[2 4]"},
			answers: map[int]string{1: "a1", 2: "a2", 3: "hung up", 4: "a4"},
		},
		"while it is executed": {
			executed: []int{2}, seen: []string{"a[1]", "a[2 3 4]"},
			answers: map[int]string{1: "a1", 2: "hung up", 3: "a3", 4: "a4"},
		},
		"all of them": {
			executed: []int{2, 3, 4}, seen: []string{"a[1]", "a[2 3 4]"},
			answers: map[int]string{1: "a1", 2: "hung up", 3: "hung up", 4: "hung up"}, ended: true,
		},
		"all who wait": {
			waiting: []int{2, 3, 4}, seen: []string{"a[1]"},
			answers: map[int]string{1: "a1", 2: "hung up", 3: "hung up", 4: "hung up"},
		},
		"while it is executed, but stays": {
			stay: true, executed: []int{2}, seen: []string{"a[1]", "a[2 3 4]"},
			answers: map[int]string{1: "a1", 2: "a2", 3: "a3", 4: "a4"},
		},
		"while it waits, and would have stayed": {
			stay: true, waiting: []int{2}, seen: []string{"a[1]", "a[3 4]"},
			answers: map[int]string{1: "a1", 2: "hung up", 3: "a3", 4: "a4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, got := newGate(), &answers{}
				group := batch.New(batch.Options{WaitForResult: c.stay}, gate.run)
				hangUp := map[int]context.CancelCauseFunc{}
				for in := 1; in <= 4; in++ {
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					hangUp[in] = cancel
					got.arrive(ctx, group, "a", in)
				}
				for _, in := range c.waiting {
					hangUp[in](gone)
				}
				synctest.Wait()
				gate.open <- struct{}{}
				synctest.Wait()
				for _, in := range c.executed {
					hangUp[in](gone)
				}
				synctest.Wait()
				close(gate.open)
				synctest.Wait()
				equal(t, gate.seen, c.seen)
				equal(t, got.all, c.answers)
				equal(t, gate.ended != nil, c.ended)
				equal(t, group.Keys(), 0)
			})
		})
	}
}
