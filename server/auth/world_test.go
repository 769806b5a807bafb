package auth_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/migrate"
	_ "cloudapi/ent/runtime"
	"cloudapi/internal/fault"
	"cloudapi/internal/identity"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/session"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
)

const right = "correct horse"

// clock is a clock that only the test advances.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world has users on a real database, and one or more servers.
type world struct {
	t      *testing.T
	store  *store.Store
	client *ent.Client
	clock  *clock
	hasher *password.Hasher
	issuer *auth.Issuer
	// roleTime is how long the issuer's last token determines the role.
	roleTime time.Duration
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + t.TempDir() + "/auth.db", Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = store.Migrate(t.Context(), s, migrate.Files)
	must(t, err)
	return &world{
		t: t, store: s, client: ent.NewClient(ent.Driver(s.Driver())),
		clock: &clock{at: time.Now()}, roleTime: 24 * time.Hour,
		hasher: password.NewHasher(password.Cost{Memory: 64, Passes: 1, Threads: 1}, 2),
	}
}

// server is one of the servers on the world's database.
type server struct {
	*auth.Authenticator
	*identity.Service
	sessions *session.Service
	accounts *session.Accounts
	w        *world
}

func (w *world) server() *server {
	jobs := job.NewRecorder(job.Options{Client: w.client, Log: slog.New(slog.DiscardHandler), Classify: fault.As})
	accounts := &session.Accounts{Client: w.client, Jobs: jobs, RoleTime: w.roleTime}
	a := auth.New(auth.Options{Accounts: accounts, Passwords: w.hasher, Issuer: w.issuer, Now: w.clock.now})
	d := &identity.Service{Client: w.client, Passwords: w.hasher, Jobs: jobs, Verify: a.SignIn, Changed: a.Forget}
	s := &session.Service{Client: w.client, Jobs: jobs, Verify: a.SignIn, Changed: a.Forget, Time: time.Hour}
	return &server{a, d, s, accounts, w}
}

// user creates a user with the password of the constant right.
func (s *server) user(login string, role clouduser.Role) *ent.CloudUser {
	s.w.t.Helper()
	made, err := s.CreateUser(system(s.w.t), model.CreateCloudUserInput{Login: login, Password: secret.New(right), Role: &role})
	must(s.w.t, err)
	return made.CloudUser
}

func (s *server) disable(u *ent.CloudUser) {
	s.w.t.Helper()
	disabled := clouduser.StatusDISABLED
	_, err := s.UpdateUser(system(s.w.t), model.UpdateCloudUserInput{CloudUserID: u.ID, Status: &disabled})
	must(s.w.t, err)
}

func (s *server) setPassword(u *ent.CloudUser, value string) {
	s.w.t.Helper()
	_, err := s.SetPassword(system(s.w.t), model.SetCloudUserPasswordInput{CloudUserID: u.ID, Password: secret.New(value)})
	must(s.w.t, err)
}

// basic signs in by HTTP Basic from an address.
func (s *server) basic(login, given, from string) (*viewer.Viewer, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth(login, given)
	r.RemoteAddr = from + ":4711"
	return s.request(r)
}

// bearer signs in by a token.
func (s *server) bearer(given string) (*viewer.Viewer, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+given)
	return s.request(r)
}

func (s *server) request(r *http.Request) (v *viewer.Viewer, err error) {
	auth.Addresses{}.Locate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v, err = s.Authenticate(r)
	})).ServeHTTP(httptest.NewRecorder(), r)
	return v, err
}

func system(t *testing.T) context.Context { return viewer.SystemContext(t.Context()) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want fails the test unless err is a fault of that code, "" for none.
func want(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case code != "" && !fault.Is(err, code):
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func (s *server) byID(id string) *ent.CloudUser {
	s.w.t.Helper()
	u, err := s.w.client.CloudUser.Get(system(s.w.t), uuid.MustParse(id))
	must(s.w.t, err)
	return u
}
