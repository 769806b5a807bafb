package auth_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
)

func TestTokens(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	u := s.user("ada", clouduser.RoleOPERATOR)
	as := viewer.NewContext(t.Context(), &viewer.Viewer{ID: u.ID, Login: "ada", Role: viewer.Operator})
	soon := w.clock.now().Add(time.Hour)
	personal, err := s.sessions.CreateToken(as, model.CreateAccessTokenInput{Scope: "FULL", Name: "ci", ExpiresAt: &soon})
	must(t, err)
	lasting, err := s.sessions.CreateToken(as, model.CreateAccessTokenInput{Scope: "FULL", Name: "cron"})
	must(t, err)

	v, err := s.bearer(personal.Token)
	must(t, err)
	if v.ID != u.ID || v.TokenID != personal.AccessToken.ID || v.Role != viewer.Operator {
		t.Errorf("the viewer is %+v", v)
	}
	last := personal.Token[len(personal.Token)-1]
	_, err = s.bearer(personal.Token[:len(personal.Token)-1] + string(last^1))
	want(t, "another token", err, fault.Unauthenticated)

	_, err = s.sessions.RevokeToken(as, model.RevokeAccessTokenInput{AccessTokenID: lasting.AccessToken.ID})
	must(t, err)
	_, err = s.bearer(lasting.Token)
	want(t, "revoked", err, fault.Unauthenticated)

	// The cache entry outlives the token.
	w.clock.sleep(time.Hour - time.Millisecond)
	_, err = s.bearer(personal.Token)
	want(t, "just valid", err, "")
	w.clock.sleep(time.Millisecond)
	_, err = s.bearer(personal.Token)
	want(t, "expired", err, fault.Unauthenticated)
}

// TestFlood: an attacker who tries passwords from many addresses at once gets RATE_LIMITED, and users with cached passwords
// are not affected.
func TestFlood(t *testing.T) {
	w := newWorld(t)
	// One hash at a time, of about 20 ms: the queue holds 64.
	w.hasher = password.NewHasher(password.Cost{Memory: 19 * 1024, Passes: 2, Threads: 1}, 1)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)

	var flood sync.WaitGroup
	var mu sync.Mutex
	answers := map[fault.Code]int{}
	for i := range 400 {
		flood.Go(func() {
			_, err := s.basic(fmt.Sprint("user", i), "guess", fmt.Sprintf("198.51.%d.%d", i/256, i%256))
			mu.Lock()
			defer mu.Unlock()
			answers[fault.As(err).Code]++
		})
	}
	hashes := w.hasher.Stats().Done
	for range 1000 {
		_, err := s.basic("ada", right, "192.0.2.1")
		want(t, "who is known", err, "")
	}
	flood.Wait()
	if answers[fault.TooMany] < 200 || answers[fault.TooMany]+answers[fault.Unauthenticated] != 400 {
		t.Errorf("the flood was answered with %v", answers)
	}
	if done := w.hasher.Stats().Done - hashes; done > 200 {
		t.Errorf("the flood was worth %d hashes", done)
	}
}

// TestThrottleSparesTheKnown: guessing somebody's password locks them out neither from other addresses, nor from the same
// address while they are signed in.
func TestThrottleSparesTheKnown(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)
	refused := 0
	for i := range 20 {
		_, err := s.basic("ada", fmt.Sprint("guess ", i), "192.0.2.1")
		if fault.Is(err, fault.TooMany) {
			refused++
		}
	}
	if refused != 15 {
		t.Errorf("%d of 20 guesses were refused, want 15", refused)
	}
	_, err = s.basic("ada", right, "192.0.2.1")
	want(t, "the same address, proven before", err, "")
	_, err = s.basic("ada", right, "203.0.113.5")
	want(t, "another address", err, "")
	w.clock.sleep(2 * auth.PasswordTTL)
	for i := range 6 {
		_, err = s.basic("ada", fmt.Sprint("more ", i), "192.0.2.1")
	}
	want(t, "one guess too many", err, fault.TooMany)
	if fault.As(err).RetryAfter <= 0 {
		t.Error("the refusal does not say when to come back")
	}
	_, err = s.SignIn(t.Context(), "ada", secret.New(right))
	want(t, "signIn, from an address of its own", err, "")
}

// TestColdStart: a client that opens many connections at once costs one hash.
func TestColdStart(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	before := w.hasher.Stats().Done
	var many sync.WaitGroup
	for range 100 {
		many.Go(func() {
			_, err := s.basic("ada", right, "192.0.2.1")
			want(t, "one of many", err, "")
		})
	}
	many.Wait()
	// A request that comes just after the first hash may not find it in the cache yet.
	if n := w.hasher.Stats().Done - before; n < 1 || n > 3 {
		t.Errorf("%d hashes", n)
	}
}

// TestRehash: a sign-in renews a hash that was made at an older cost.
func TestRehash(t *testing.T) {
	w := newWorld(t)
	u := w.server().user("ada", clouduser.RoleMEMBER)
	w.hasher = password.NewHasher(password.Cost{Memory: 128, Passes: 1, Threads: 1}, 1)
	s := w.server()
	for range 2 {
		_, err := s.basic("ada", right, "192.0.2.1")
		must(t, err)
	}
	now, err := w.client.CloudUser.Get(system(t), u.ID)
	must(t, err)
	if now.PasswordHash == u.PasswordHash || w.hasher.Outdated(now.PasswordHash) {
		t.Error("the hash is still the old one")
	}
	_, err = s.basic("ada", right, "192.0.2.1")
	want(t, "with the new hash", err, "")
}

// TestDatabaseAway: cached values grant no access without the database after they expire.
func TestDatabaseAway(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)
	must(t, w.store.Close())
	w.clock.sleep(auth.AccountTTL)
	v, err := s.basic("ada", right, "192.0.2.1")
	if v != nil || err == nil || fault.Is(err, fault.Unauthenticated) {
		t.Errorf("%v, %v", v, err)
	}
}
