package limit_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/server/limit"
)

func TestRate(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := limit.NewRate(limit.Rates{Burst: 100, PerSecond: 10, Callers: 2}, 50, func() time.Time { return now })
	for i, step := range []struct {
		wait      time.Duration
		caller    string
		take      int
		settle    int
		remaining int
		retry     time.Duration // 0 means that the cost is taken
	}{
		{0, "a", 60, 0, 40, 0},
		{0, "a", 60, 0, 40, 2 * time.Second},
		{0, "b", 100, 0, 0, 0},
		{2 * time.Second, "a", 60, 0, 0, 0},
		{0, "a", 0, 30, 30, 0},
		{time.Hour, "a", 0, 0, 100, 0},
		{0, "a", 0, 1000, 100, 0},
		{0, "a", 0, -150, 0, 0},
		{0, "a", 1, 0, 0, 5100 * time.Millisecond},
		{5 * time.Second, "a", 0, 0, 0, 0},
		{time.Second, "a", 5, 0, 5, 0},
		{0, "b", 100, 0, 0, 0},
		{0, "c", 100, 0, 0, 0},
		{0, "a", 100, 0, 0, 0}, // was dropped when c arrived
	} {
		now = now.Add(step.wait)
		standing, err := r.Take(step.caller, step.take)
		if step.settle != 0 {
			standing = r.Settle(step.caller, step.settle)
		}
		if standing.Remaining != step.remaining || standing.Limit != 100 {
			t.Errorf("step %d: %+v, want %d left of 100", i, standing, step.remaining)
		}
		if (err != nil) != (step.retry > 0) {
			t.Fatalf("step %d: %v", i, err)
		}
		if err != nil {
			f := fault.As(err)
			if f.Code != fault.TooMany || f.RetryAfter != step.retry || f.Details["asked"] != step.take || f.Details["limit"] != "rate" {
				t.Errorf("step %d: %+v, want a retry after %v", i, f, step.retry)
			}
		}
	}
}

func TestStandingInHeaders(t *testing.T) {
	h := http.Header{}
	limit.Quota{Limit: 100, Remaining: 40, Reset: 5500 * time.Millisecond}.Header(h)
	var got strings.Builder
	// A write to memory does not fail.
	_ = h.Write(&got)
	want := "Ratelimit: \"cost\";r=40;t=6\r\nRatelimit-Limit: 100\r\nRatelimit-Policy: \"cost\";q=100\r\n" +
		"Ratelimit-Remaining: 40\r\nRatelimit-Reset: 6\r\n"
	if got.String() != want {
		t.Errorf("%q\nwant\n%q", got.String(), want)
	}
	h = http.Header{}
	limit.Quota{}.Header(h)
	if len(h) > 0 {
		t.Errorf("without a rate there are headers: %v", h)
	}
}

func TestNoRate(t *testing.T) {
	r := limit.NewRate(limit.Rates{Burst: -1}, 1, time.Now)
	for range 3 {
		if standing, err := r.Take("a", 1<<40); err != nil || standing != (limit.Quota{}) {
			t.Fatal(standing, err)
		}
	}
}

func TestBurstCoversOneOperation(t *testing.T) {
	r := limit.NewRate(limit.Rates{Burst: 10, PerSecond: 1}, 50, time.Now)
	if _, err := r.Take("a", 50); err != nil {
		t.Error(err)
	}
}
