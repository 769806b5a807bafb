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

// TestOneAnswerInOneTime: a wrong password, an unknown login and a disabled user cost the same work. The test counts the
// work instead of timing it: one statement and one hash.
func TestOneAnswerInOneTime(t *testing.T) {
	w := newWorld(t)
	s := w.server()
	s.user("ada", clouduser.RoleMEMBER)
	s.disable(s.user("disabled", clouduser.RoleMEMBER))
	_, err := w.client.CloudUser.Create().SetLogin("elsewhere").SetLoginFold("elsewhere").Save(system(t))
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
		// A password that is used at least once in Proven stays cached.
		w.clock.sleep(time.Duration(i%2) * auth.PasswordTTL / 2)
	}
	if n := w.hasher.Stats().Done - before; n != 1 {
		t.Errorf("%d hashes for 100 requests", n)
	}
	w.clock.sleep(auth.PasswordTTL)
	_, err := s.basic("ada", right, "192.0.2.1")
	must(t, err)
	if n := w.hasher.Stats().Done - before; n != 2 {
		t.Errorf("%d hashes; what is not used is not forgotten", n)
	}
	_, err = s.basic("ada", right+" ", "192.0.2.1")
	want(t, "another password", err, fault.Unauthenticated)
}

// TestRequestsCostNothingMore counts statements: cached accounts are not read again.
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
	w.clock.sleep(auth.AccountTTL)
	var many sync.WaitGroup
	for range 50 {
		many.Go(func() {
			_, err := s.basic("ada", right, "192.0.2.1")
			want(t, "at once", err, "")
		})
	}
	many.Wait()
	if n := w.store.Stats().Statements - before; n < 1 || n > 50 {
		t.Errorf("%d statements after %v", n, auth.AccountTTL)
	}
}

// TestChangesCount: each change ends the access of a signed-in user, at once on the server that made the change, and after
// Fresh on any other.
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
			session, err := here.sessions.SignIn(t.Context(), model.SignInInput{Login: "ada", Password: secret.New(right)})
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
			w.clock.sleep(auth.AccountTTL)
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
	w.clock.sleep(auth.AccountTTL)
	for _, s := range []*server{here, there} {
		v, err := s.basic("ada", right, "192.0.2.1")
		must(t, err)
		if v.Role != viewer.Member {
			t.Errorf("the role is still %s", v.Role)
		}
	}
}
