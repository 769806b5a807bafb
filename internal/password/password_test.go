package password

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
)

func cheap() Cost { return Cost{Memory: 64, Passes: 1, Threads: 1} }

func TestHashVerifies(t *testing.T) {
	h := NewHasher(cheap(), 1)
	hash, err := h.Hash(t.Context(), secret.New("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Hash(t.Context(), secret.New("correct horse"))
	if err != nil || again == hash {
		t.Errorf("two hashes of one password are the same: %v", err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("not a PHC string: %s", hash)
	}
	for given, want := range map[string]bool{
		"correct horse": true, "Correct horse": false, "correct horse ": false, "": false, "correct horse\x00": false,
	} {
		if ok, err := h.Verify(t.Context(), hash, secret.New(given)); err != nil || ok != want {
			t.Errorf("%q: %v, %v; want %v", given, ok, err, want)
		}
	}
}

// TestComposition: composed and decomposed forms of the same characters are the same password.
func TestComposition(t *testing.T) {
	h := NewHasher(cheap(), 1)
	hash, err := h.Hash(t.Context(), secret.New("r\u00e9sum\u00e9 caf\u00e9"))
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Verify(t.Context(), hash, secret.New("re\u0301sume\u0301 cafe\u0301")); !ok || err != nil {
		t.Errorf("the decomposed form is refused: %v", err)
	}
}

// TestUnknownUserCostsAsMuch counts hashes instead of measuring time.
func TestUnknownUserCostsAsMuch(t *testing.T) {
	h := NewHasher(cheap(), 1)
	for _, given := range []string{"", "anything", strings.Repeat("\x00", 32)} {
		before := h.Stats().Done
		if ok, err := h.Verify(t.Context(), "", secret.New(given)); ok || err != nil {
			t.Errorf("nobody is verified by %q: %v, %v", given, ok, err)
		}
		if done := h.Stats().Done - before; done != 1 {
			t.Errorf("%q took %d hashes, want 1", given, done)
		}
	}
	dummy, err := parse(h.dummy)
	if err != nil || dummy.cost != cheap() {
		t.Errorf("the dummy costs %+v, %v", dummy.cost, err)
	}
}

func TestOutdated(t *testing.T) {
	old, err := NewHasher(cheap(), 1).Hash(t.Context(), secret.New("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	dearer := NewHasher(Cost{Memory: 128, Passes: 2, Threads: 1}, 1)
	if !dearer.Outdated(old) || NewHasher(cheap(), 1).Outdated(old) {
		t.Error("Outdated does not tell the costs apart")
	}
	if ok, err := dearer.Verify(t.Context(), old, secret.New("correct horse")); !ok || err != nil {
		t.Errorf("a hash of the old cost is refused: %v", err)
	}
}

// TestReferenceVector verifies a hash of the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p
// 1.
func TestReferenceVector(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := NewHasher(cheap(), 1).Verify(t.Context(), hash, secret.New("password")); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestBrokenHashes(t *testing.T) {
	h := NewHasher(cheap(), 1)
	for _, hash := range []string{
		"x", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=19$m=64,t=1,p=1,x=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$$CTFhFdXPJO1aFaMaO6Mm5Q",
		"$argon2id$v=19$m=64,t=1,p=1$!$CTFhFdXPJO1aFaMaO6Mm5Q",
	} {
		ok, err := h.Verify(t.Context(), hash, secret.New("password"))
		if ok || err == nil {
			t.Errorf("%s: %v, %v; want an error", hash, ok, err)
		} else if strings.Contains(err.Error(), "CTFh") {
			t.Errorf("the error quotes the hash: %v", err)
		}
	}
}

// TestFloodIsRefused fills the only slot and the queue. The next caller fails with RATE_LIMITED, and so does one that has
// waited too long.
func TestFloodIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		leave, err := q.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var flood sync.WaitGroup
		for range waitingForEach {
			flood.Go(func() {
				if _, err := q.enter(t.Context()); !fault.Is(err, fault.TooMany) {
					t.Errorf("who waited too long got %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := q.enter(t.Context()); !fault.Is(err, fault.TooMany) || fault.As(err).RetryAfter != maxWait {
			t.Errorf("one more than the queue holds got %v", err)
		}
		if time.Since(began) != 0 {
			t.Error("who finds the queue full has to wait")
		}
		flood.Wait()
		if took := time.Since(began); took != maxWait {
			t.Errorf("the queue waited %v, want %v", took, maxWait)
		}
		leave()
		if leave, err = q.enter(t.Context()); err != nil {
			t.Fatalf("after the flood: %v", err)
		}
		leave()
		if s := q.stats(); s.Waiting != 0 || s.Refused != waitingForEach+1 || s.Done != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		leave, err := q.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		gone := errors.New("the client is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(gone)
		if _, err := q.enter(ctx); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, given, want string
	}{
		{"the shortest", "rxqk vwz", ""},
		{"one shorter", "rxqk vw", "must have 8 to 1024 characters"},
		{"characters count, not bytes", strings.Repeat("\u00e9", 7), "must have 8 to 1024 characters"},
		{"composed characters count", strings.Repeat("e\u0301", 7), "must have 8 to 1024 characters"},
		{"the longest", strings.Repeat("\u20ac", 1024), ""},
		{"one longer", strings.Repeat("a", 1025), "must have 8 to 1024 characters"},
		{"no rules of composition", "cccccccc cccccccc", ""},
		{"common", "sunshine", "one of the most common"},
		{"common in another case", "SunShine", "one of the most common"},
		{"common, of the library's list only", "swordfish", "one of the most common"},
		{"common since", "minecraft", "one of the most common"},
		{"broken UTF-8", "rxqk vwz\xff", "not valid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check("newPassword", secret.New(c.given))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := fault.As(err)
			if f.Code != fault.Invalid || f.Field != "newPassword" || !strings.Contains(f.Message, c.want) {
				t.Errorf("%+v, want %q", f, c.want)
			}
			if strings.Contains(f.Message, c.given) {
				t.Error("the fault quotes the password")
			}
		})
	}
	if n := len(commonPasswords()); n < 1900 {
		t.Errorf("only %d common passwords", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q")
	f.Add("$argon2id$v=19$m=1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parse(text)
		if err != nil {
			return
		}
		again, err := parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("%q does not come back: %v", text, err)
		}
	})
}
