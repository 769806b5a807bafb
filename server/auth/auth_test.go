package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
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

func TestNobodyAndWrongHeaders(t *testing.T) {
	s := newWorld(t).server()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if v, err := s.request(r); v != nil || err != nil {
		t.Errorf("without credentials: %v, %v", v, err)
	}
	for _, header := range []string{
		"", "Basic", "Basic !", "Basic Og==", "Digest x", "Bearer", "Bearer x", "Bearer a.b.c",
		"Bearer cst_x", "Bearer cst_" + strings.Repeat("A", 43), "Basic " + strings.Repeat("A", 60_000),
	} {
		r.Header.Set("Authorization", header)
		_, err := s.request(r)
		want(t, fmt.Sprintf("%.30q", header), err, fault.Unauthenticated)
		if err.Error() != "Authentication failed" {
			t.Errorf("%.30q: %v", header, err)
		}
	}
}

// TestOneAnswerInOneTime: a wrong password, a login that nobody has and a
// disabled user cost the same work, which is counted rather than timed: one
// statement and one hash.
func TestOneAnswerInOneTime(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	s.disable(s.user("disabled", clouduser.RoleMEMBER))
	_, err := s.Provision(t.Context(), "elsewhere", viewer.Member)
	must(t, err)
	for name, c := range map[string]struct{ login, given string }{
		"a wrong password":                 {"ada", "wrong horse"},
		"an empty password":                {"ada", ""},
		"a login that nobody has":          {"nobody", right},
		"a disabled user":                  {"disabled", right},
		"a disabled user's wrong password": {"disabled", "wrong horse"},
		"a user without a password":        {"elsewhere", ""},
	} {
		t.Run(name, func(t *testing.T) {
			hashes, statements := w.hasher.Stats().Done, w.store.Stats().Statements
			_, err := s.basic(c.login, c.given, "192.0.2.1")
			want(t, name, err, fault.Unauthenticated)
			if f := fault.As(err); f.Message != "Authentication failed" || len(f.Details) > 0 || f.RetryAfter != 0 {
				t.Errorf("the answer is %+v", f)
			}
			if n := w.hasher.Stats().Done - hashes; n != 1 {
				t.Errorf("%d hashes", n)
			}
			if n := w.store.Stats().Statements - statements; n != 1 {
				t.Errorf("%d statements", n)
			}
		})
	}
}

func TestProvenIsRemembered(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	u := s.user("Ada", clouduser.RoleOPERATOR)
	before := w.hasher.Stats().Done
	for i := range 100 {
		v, err := s.basic("ADA", right, "192.0.2.1")
		must(t, err)
		if v.ID != u.ID || v.Login != "Ada" || v.Role != viewer.Operator {
			t.Fatalf("the viewer is %+v", v)
		}
		// Used at least once in Proven, it stays proven.
		w.clock.sleep(time.Duration(i%2) * auth.Proven / 2)
	}
	if n := w.hasher.Stats().Done - before; n != 1 {
		t.Errorf("%d hashes for 100 requests", n)
	}
	w.clock.sleep(auth.Proven)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)
	if n := w.hasher.Stats().Done - before; n != 2 {
		t.Errorf("%d hashes; what is not used is not forgotten", n)
	}
	_, err = s.basic("ada", right+" ", "192.0.2.1")
	want(t, "another password", err, fault.Unauthenticated)
}

// TestRequestsCostNothingMore counts statements: what is fresh is not read.
func TestRequestsCostNothingMore(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)
	before := w.store.Stats().Statements
	for range 1000 {
		_, err := s.basic("ada", right, "192.0.2.1")
		must(t, err)
	}
	if n := w.store.Stats().Statements - before; n != 0 {
		t.Errorf("%d statements for 1,000 requests within a moment", n)
	}
	w.clock.sleep(auth.Fresh)
	var many sync.WaitGroup
	for range 50 {
		many.Go(func() {
			_, err := s.basic("ada", right, "192.0.2.1")
			want(t, "at once", err, "")
		})
	}
	many.Wait()
	if n := w.store.Stats().Statements - before; n < 1 || n > 50 {
		t.Errorf("%d statements after %v", n, auth.Fresh)
	}
}

// TestChangesCount: each change shuts out who was in, at once through the server
// that made it, and after Fresh through any other.
func TestChangesCount(t *testing.T) {
	for name, change := range map[string]func(*server, string){
		"a new password": func(s *server, id string) { s.setPassword(s.byID(id), "another horse") },
		"disabled":       func(s *server, id string) { s.disable(s.byID(id)) },
		"deleted": func(s *server, id string) {
			_, err := s.DeleteUser(system(s.w.t), model.DeleteCloudUserInput{CloudUserID: s.byID(id).ID})
			must(s.w.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			here, there := w.server(), w.server()
			here.user("root", clouduser.RoleADMINISTRATOR)
			u := here.user("ada", clouduser.RoleMEMBER)
			session, err := here.Service.SignIn(t.Context(), model.SignInInput{Login: "ada", Password: secret.New(right)})
			must(t, err)
			both := func(s *server, when string, code fault.Code) {
				t.Helper()
				_, err := s.basic("ada", right, "192.0.2.1")
				want(t, when+", basic", err, code)
				_, err = s.bearer(session.Token)
				want(t, when+", session", err, code)
			}
			both(here, "before, here", "")
			both(there, "before, there", "")
			change(here, u.ID.String())
			both(here, "at once, here", fault.Unauthenticated)
			w.clock.sleep(auth.Fresh)
			both(there, "after Fresh, there", fault.Unauthenticated)
		})
	}
}

func TestRoleFollowsTheUser(t *testing.T) {
	w := newWorld(t)
	here, there := w.server(), w.server()
	here.user("root", clouduser.RoleADMINISTRATOR)
	u := here.user("ada", clouduser.RoleADMINISTRATOR)
	for _, s := range []*server{here, there} {
		_, err := s.basic("ada", right, "192.0.2.1")
		must(t, err)
	}
	member := clouduser.RoleMEMBER
	_, err := here.UpdateUser(system(t), model.UpdateCloudUserInput{CloudUserID: u.ID, Role: &member})
	must(t, err)
	w.clock.sleep(auth.Fresh)
	for _, s := range []*server{here, there} {
		v, err := s.basic("ada", right, "192.0.2.1")
		must(t, err)
		if v.Role != viewer.Member {
			t.Errorf("the role is still %s", v.Role)
		}
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	u := s.user("ada", clouduser.RoleOPERATOR)
	as := viewer.NewContext(t.Context(), &viewer.Viewer{ID: u.ID, Login: "ada", Role: viewer.Operator})
	soon := w.clock.now().Add(time.Hour)
	personal, err := s.CreateToken(as, model.CreateAccessTokenInput{Name: "ci", ExpiresAt: &soon})
	must(t, err)
	lasting, err := s.CreateToken(as, model.CreateAccessTokenInput{Name: "cron"})
	must(t, err)

	v, err := s.bearer(personal.Token)
	must(t, err)
	if v.ID != u.ID || v.TokenID != personal.AccessToken.ID || v.Role != viewer.Operator {
		t.Errorf("the viewer is %+v", v)
	}
	last := personal.Token[len(personal.Token)-1]
	_, err = s.bearer(personal.Token[:len(personal.Token)-1] + string(last^1))
	want(t, "another token", err, fault.Unauthenticated)

	_, err = s.RevokeToken(as, model.RevokeAccessTokenInput{AccessTokenID: lasting.AccessToken.ID})
	must(t, err)
	_, err = s.bearer(lasting.Token)
	want(t, "revoked", err, fault.Unauthenticated)

	// It is remembered for longer than it is valid.
	w.clock.sleep(time.Hour - time.Millisecond)
	_, err = s.bearer(personal.Token)
	want(t, "just valid", err, "")
	w.clock.sleep(time.Millisecond)
	_, err = s.bearer(personal.Token)
	want(t, "expired", err, fault.Unauthenticated)
}

// TestFlood: who tries passwords from everywhere at once is told to come back
// later, and who is known goes on undisturbed.
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

// TestThrottleSparesTheKnown: guessing at somebody's login neither locks them
// out elsewhere, nor here while they are signed in.
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
	w.clock.sleep(2 * auth.Proven)
	for i := range 6 {
		_, err = s.basic("ada", fmt.Sprint("more ", i), "192.0.2.1")
	}
	want(t, "one guess too many", err, fault.TooMany)
	if fault.As(err).RetryAfter <= 0 {
		t.Error("the refusal does not say when to come back")
	}
	_, err = s.SignInBy(t.Context(), "ada", secret.New(right))
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
	// A request that comes just after the first hash may miss what it left.
	if n := w.hasher.Stats().Done - before; n < 1 || n > 3 {
		t.Errorf("%d hashes", n)
	}
}

// TestRehash: a password that was hashed at an older cost is hashed anew when
// its owner signs in.
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

// TestDatabaseAway: nobody gets in on what was once true.
func TestDatabaseAway(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)
	must(t, w.store.Close())
	w.clock.sleep(auth.Fresh)
	v, err := s.basic("ada", right, "192.0.2.1")
	if v != nil || err == nil || fault.Is(err, fault.Unauthenticated) {
		t.Errorf("%v, %v", v, err)
	}
}
