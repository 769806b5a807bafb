package budget

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"cloudapi/internal/fault"
)

func TestEachLimitEndsTheOperation(t *testing.T) {
	for name, draw := range map[string]func(*Budget) error{
		"objects": func(b *Budget) error { return b.Draw(11, 0, 0) },
		"answer":  func(b *Budget) error { return b.Draw(0, 101, 0) },
		"memory":  func(b *Budget) error { return b.Draw(0, 0, 1<<20) },
	} {
		callers := NewCallers(Limits{Held: 1 << 19})
		share, err := callers.Enter("a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, b := Start(t.Context(), Limits{Objects: 10, Bytes: 100, Held: 1 << 19}, share)
		if err := b.Draw(10, 100, 1); err != nil {
			t.Errorf("%s: as much as is allowed: %v", name, err)
		}
		err = draw(b)
		if f := fault.As(err); f.Code != fault.TooLarge || f.Details["limit"] != name || f.Details["max"] == 0 {
			t.Errorf("%s: %v, %v", name, err, f.Details)
		}
		if !errors.Is(context.Cause(ctx), err) || !errors.Is(b.Draw(0, 0, 0), err) {
			t.Errorf("%s: the operation goes on: %v", name, context.Cause(ctx))
		}
		b.End()
		share.Leave()
		if callers.Callers() != 0 {
			t.Errorf("%s: a caller without requests is remembered", name)
		}
	}
}

func TestWithoutABudgetNothingIsBounded(t *testing.T) {
	var b *Budget
	if b.Draw(1<<40, 1<<40, 1<<40) != nil || b.Err() != nil || b.Failure() != nil || b.Changes() != nil {
		t.Error("a limit where there is none")
	}
	b.End()
	b.Release()
	b.Changed(nil)
	m := &Meter{}
	m.Add(From(t.Context()))
	if m.Row(1<<40) != nil {
		t.Error("a limit where there is none")
	}
}

// TestAnotherCallerHasAShareOfItsOwn: memory that one caller uses limits only that caller, and is returned.
func TestAnotherCallerHasAShareOfItsOwn(t *testing.T) {
	limits := Limits{Held: 1 << 20}
	callers := NewCallers(limits)
	start := func(name string) (*Share, *Budget) {
		share, err := callers.Enter(name)
		if err != nil {
			t.Fatal(err)
		}
		_, b := share.Start(t.Context(), limits)
		return share, b
	}
	first, b := start("a")
	if err := b.Draw(0, 0, 700<<10); err != nil {
		t.Fatal(err)
	}
	second, c := start("a")
	if err := c.Draw(0, 0, 300<<10); !fault.Is(err, fault.TooMany) || fault.As(err).RetryAfter == 0 {
		t.Errorf("more than the share: %v", err)
	}
	other, d := start("b")
	if err := d.Draw(0, 0, 700<<10); err != nil {
		t.Errorf("another caller: %v", err)
	}
	first.Leave()
	_, c = second.Start(t.Context(), limits)
	if err := c.Draw(0, 0, 300<<10); err != nil {
		t.Errorf("after the first has left: %v", err)
	}
	second.Leave()
	other.Leave()
}

// TestNextOperationHasAllOfIt: the operations of a request use the memory of one at a time.
func TestNextOperationHasAllOfIt(t *testing.T) {
	limits := Limits{Objects: 10, Held: 1 << 20}
	share, err := NewCallers(limits).Enter("a")
	if err != nil {
		t.Fatal(err)
	}
	defer share.Leave()
	for range 10 {
		_, b := share.Start(t.Context(), limits)
		if err := b.Draw(10, 0, 700<<10); err != nil {
			t.Fatal(err)
		}
		b.End()
	}
}

func TestMeterDrawsForAll(t *testing.T) {
	limits := Limits{Objects: 1000}
	_, a := Start(t.Context(), limits, nil)
	_, b := Start(t.Context(), limits, nil)
	m := &Meter{}
	for _, of := range []*Budget{a, nil, b} {
		m.Add(of)
	}
	for range 900 {
		if err := m.Row(10); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Draw(10); err != nil {
		t.Fatal(err)
	}
	for _, of := range []*Budget{a, b} {
		if objects, bytes := of.Spent(); objects != 900 || bytes != 10 {
			t.Errorf("%d objects and %d bytes", objects, bytes)
		}
	}
	var err error
	for range everyRows {
		err = m.Row(10)
	}
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("too many rows: %v", err)
	}
	m.Discard()
	if objects, bytes := b.Spent(); objects != 0 || bytes != 0 {
		t.Errorf("thrown away: %d objects and %d bytes", objects, bytes)
	}
}

func TestEndOfTheCallerIsNoticed(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	_, b := Start(ctx, Limits{}, nil)
	gone := errors.New("gone")
	cancel(gone)
	if err := b.Draw(1, 1, 1); !errors.Is(err, gone) || b.Failure() != nil {
		t.Errorf("%v, %v", err, b.Failure())
	}
}

// TestBodyIsHeldWithWhatIsDecoded: 1 MiB of empty objects counts more than its text, because the decoded form is larger.
func TestBodyIsHeldWithWhatIsDecoded(t *testing.T) {
	for text, want := range map[string]bool{strings.Repeat("x", 1<<20): true, strings.Repeat("{},", 1<<20/3): false} {
		share, err := NewCallers(Limits{Held: 8 << 20}).Enter("a")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, share.Reader(io.NopCloser(strings.NewReader(text))))
		if (err == nil) != want {
			t.Errorf("%.10s: %v", text, err)
		}
		share.Leave()
	}
}
