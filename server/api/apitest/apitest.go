// Package apitest assembles a whole API for tests: on SQLite or on a real PostgreSQL, with users of every role, and without
// a socket.
package apitest

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"context"

	"cloudapi/ent/clouduser"
	"cloudapi/ent/migrate"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// The users of a test, by login; they all have Password.
const (
	Administrator = "ada"
	Operator      = "otto"
	Member        = "mia"
	Password      = "correct horse"
	PortalAccount = "portal"
	PortalSecret  = "portal secret"
)

// API is an API under test.
type API struct {
	*api.API
	Store *store.Store
	URL   string // of the database
	Log   *Log
}

// Log stores what the server logs.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write stores a line.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Each runs a test on SQLite and on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, a *API), with ...func(*api.Options)) {
	t.Run("sqlite", func(t *testing.T) { test(t, New(t, "sqlite://"+t.TempDir()+"/test.db", with...)) })
	t.Run("postgres", func(t *testing.T) { test(t, New(t, pgtest.URL(t), with...)) })
}

// New returns an API on an empty database, with users, and with changes to its options.
func New(t testing.TB, url string, with ...func(*api.Options)) *API {
	t.Helper()
	a := Open(t, url, with...)
	People(t, a)
	return a
}

// People creates a user of every role, and a portal account.
func People(t testing.TB, a *API) {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	for login, role := range map[string]clouduser.Role{
		Administrator: clouduser.RoleADMINISTRATOR, Operator: clouduser.RoleOPERATOR, Member: clouduser.RoleMEMBER,
	} {
		_, err := a.Identity.CreateUser(ctx, model.CreateCloudUserInput{
			Login: login, Password: secret.New(Password), Role: &role,
		})
		must(t, err)
	}
	_, err := a.Identity.CreatePortalAccount(ctx, model.CreatePortalAccountInput{
		Username: PortalAccount, Password: secret.New(PortalSecret),
	})
	must(t, err)
}

// Open returns an API on an existing database, as one of several servers.
func Open(t testing.TB, url string, with ...func(*api.Options)) *API {
	t.Helper()
	return OpenOn(t, store.Options{URL: url}, with...)
}

// OpenOrdinary is Open without the fast read path.
func OpenOrdinary(t testing.TB, url string) *API {
	t.Helper()
	return Open(t, url, func(o *api.Options) { o.OrdinaryReads = true })
}

// OpenOn is Open with options of the database, for example standbys.
func OpenOn(t testing.TB, database store.Options, with ...func(*api.Options)) *API {
	t.Helper()
	log := &Log{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	database.Logger = logger
	s, err := store.Open(t.Context(), database)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = store.Migrate(t.Context(), s, migrate.Files)
	must(t, err)
	cheap := password.Cost{Memory: 64, Passes: 1, Threads: 1}
	o := api.Options{
		Store: s, Log: logger, Passwords: password.NewHasher(cheap, 4),
		SessionTime: time.Hour, RequestTime: time.Minute,
	}
	for _, change := range with {
		change(&o)
	}
	a, err := api.New(o)
	must(t, err)
	must(t, a.Prepare(t.Context()))
	run(t, a)
	return &API{API: a, Store: s, URL: database.URL, Log: log}
}

// run runs the background work until the test ends.
func run(t testing.TB, a *api.API) {
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Answer is an answer of the API.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends a request as login, "" for no credentials.
func (a *API) Do(r *http.Request, login string) Answer {
	if login != "" {
		r.SetBasicAuth(login, Password)
	}
	w := httptest.NewRecorder()
	a.Handler.ServeHTTP(w, r)
	// Reading from a recorder cannot fail.
	body, _ := io.ReadAll(w.Result().Body)
	return Answer{Status: w.Code, Header: w.Result().Header, Body: string(body)}
}

// Get calls an old URL by its path below /appserver/rest/.
func (a *API) Get(login, path string) Answer {
	return a.Do(httptest.NewRequest(http.MethodGet, "/appserver/rest/"+path, nil), login)
}

// Query runs a GraphQL operation; the headers come in pairs.
func (a *API) Query(login, query string, variables map[string]any, headers ...string) Answer {
	// Values of a test can be encoded.
	body, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return a.Do(r, login)
}

// Result is the result of an old URL that must succeed.
func (a *API) Result(t testing.TB, login, path string) any {
	t.Helper()
	answer := a.Get(login, path)
	var envelope struct{ Result any }
	if err := json.Unmarshal([]byte(answer.Body), &envelope); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, answer.Status, answer.Body)
	}
	return envelope.Result
}

// Customer creates a customer and returns its guid.
func (a *API) Customer(t testing.TB, name string) string {
	t.Helper()
	made, err := a.Customers.Create(viewer.SystemContext(t.Context()), model.CreateCustomerInput{Name: name})
	must(t, err)
	return made.Customer.ID.String()
}
