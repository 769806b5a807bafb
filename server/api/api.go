// Package api puts the server together: the page to read first. Every face
// stands on one engine, every change on one recorder of jobs, every rule on
// ent's policies.
package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"cloudapi/ent"
	"cloudapi/ent/job"
	_ "cloudapi/ent/runtime" // policies, hooks and validators
	"cloudapi/internal/budget"
	"cloudapi/internal/customer"
	"cloudapi/internal/event"
	"cloudapi/internal/fastread"
	"cloudapi/internal/fault"
	"cloudapi/internal/groupcommit"
	"cloudapi/internal/identity"
	jobs "cloudapi/internal/job"
	"cloudapi/internal/password"
	"cloudapi/internal/portal"
	"cloudapi/internal/secret"
	"cloudapi/internal/service"
	"cloudapi/internal/session"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
	"cloudapi/server/compression"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/graphqlhttp"
	"cloudapi/server/limit"
	"cloudapi/server/observe"
	"cloudapi/server/persisted"
	"cloudapi/server/playground"
	"cloudapi/server/rest"
	"cloudapi/server/subscription"
	"cloudapi/server/xmlrpc"
)

// DefaultRoleTime is how long the last word of an issuer counts where no other time
// is set.
const DefaultRoleTime = 30 * 24 * time.Hour

// Options say what an API stands on.
type Options struct {
	Store     *store.Store
	Log       *slog.Logger
	Passwords *password.Hasher
	// Issuer verifies the tokens of an OpenID Connect issuer; nil for none.
	Issuer *auth.Issuer
	// RoleTime is how long personal tokens of an issuer's user stay valid after its
	// last token of the issuer; 0 for 30 days.
	RoleTime time.Duration
	// Addresses tell where requests come from.
	Addresses auth.Addresses
	// Portal is the ITPS portal; nil for the accounts in this database.
	Portal      portal.Portal
	SecretKey   secret.Text
	SessionTime time.Duration
	// RequestTime is how long a request may take.
	RequestTime time.Duration
	CORSOrigins []string
	// Streams bound the connections for subscriptions.
	Streams graphqlhttp.StreamLimits
	// RequireHTTPSForChanges refuses changes that come over plain HTTP.
	RequireHTTPSForChanges bool
	// MaxBody is the largest body of a request, in bytes; 0 for MaxBody.
	MaxBody int64
	// MaxHeader is the longest URL with headers, in bytes; 0 for MaxHeader.
	MaxHeader int
	Limits    limit.Limits
	// Budget bounds what operations produce and hold while they run.
	Budget budget.Limits
	Rates  limit.Rates
	// Introspect reports who may ask for the schema; nil for everybody who is
	// signed in.
	Introspect func(*viewer.Viewer) bool
	// NoPersistedQueries turns automatic persisted queries off.
	NoPersistedQueries bool
	// TrustedDocuments is a directory or a manifest of the only documents that
	// /graphql accepts; "" for any.
	TrustedDocuments string
	// Demo says that the database has demo data only: the playground's examples
	// may then make what they change.
	Demo bool
	// NoCompression turns the compression of answers off.
	NoCompression bool
	// NoPlayground turns the playground off.
	NoPlayground bool
	// Version is the version of the program, for its metrics.
	Version string
	// Tracer makes spans of requests; nil for none.
	Tracer trace.Tracer
	// JobWorkers is how many workers run jobs that nobody waits for; 0 for
	// DefaultJobWorkers, -1 for none.
	JobWorkers int
	// KeepJobs is how long jobs are kept; 0 for good.
	KeepJobs time.Duration
	// NotReady says why requests cannot be answered yet, "" if they can; nil for
	// a server that is ready from the start.
	NotReady func() string
	// SeparateReads gives each of simultaneous reads a statement of its own.
	SeparateReads bool
	// OrdinaryReads turns the fast read path off.
	OrdinaryReads bool
	// SeparateCommits gives each change a commit of its own, also those that
	// come at the same time.
	SeparateCommits bool
}

// API is a server without its socket.
type API struct {
	Handler   http.Handler
	Client    *ent.Client
	Directory *identity.Service
	Sessions  *session.Service
	Customers *customer.Service
	// Reader is the fast read path, nil where it is turned off.
	Reader *fastread.Reader
	// Metrics are the server's numbers.
	Metrics *observe.Metrics
	// Streams are the connections that stay open, to be stopped before the server.
	Streams *graphqlhttp.Streams

	encrypter  *jobs.Encrypter
	background *service.Supervisor
	feed       *event.Feed
	hub        *subscription.Hub
	who        *session.Accounts
	store      *store.Store
	usage      *session.Usage
	log        *slog.Logger
}

// New puts an API together on a migrated database.
func New(o Options) (*API, error) {
	if o.NotReady == nil {
		o.NotReady = func() string { return "" }
	}
	o.Log = slog.New(observe.Contextual(o.Log.Handler()))
	a := &API{Client: ent.NewClient(ent.Driver(o.Store.Driver())), log: o.Log, store: o.Store}
	a.Client.Use(ent.ReportAll)
	metrics := observe.NewMetrics(o.Version)
	a.Metrics = metrics
	recorder := jobs.NewRecorder(jobs.Options{
		Client: a.Client, Log: o.Log, Classify: classify,
		Finished: func(_ context.Context, action string, s job.Status) {
			metrics.Job(action, string(s))
			a.feed.Committed()
		},
	})
	if !o.SeparateCommits {
		recorder.Commits = groupcommit.New(o.Store, groupcommit.Options{Executed: metrics.Shared("commit"), Alone: metrics.Alone})
	}
	authenticator := a.people(o, recorder, metrics)
	queue := a.verbs(o, recorder, authenticator, metrics)
	core, keys := a.engine(o, queue, metrics)
	a.background = service.New(service.Options{Log: o.Log})
	a.work(o, queue, keys)
	a.measure(o, metrics)
	a.streams(o, core, metrics)
	graphQL, err := a.graphQL(o, core, authenticator)
	if err != nil {
		return nil, err
	}
	authenticate := whenReady(o.NotReady, authenticator.Authenticate)
	old, err := rest.New(rest.Options{
		Engine: core, Authenticate: authenticate, Challenge: auth.Challenge, Log: o.Log,
		PageTime: o.RequestTime,
	})
	if err != nil {
		return nil, err
	}
	metrics.Operations(append(rootNames(core.Schema()), old.Operations()...)...)
	page, err := playground.New(playground.Options{Demo: o.Demo, Secrets: secretNames(core.Schema()), Challenge: auth.Challenge})
	if err != nil {
		return nil, err
	}
	compressed, err := o.compressor()
	if err != nil {
		return nil, err
	}
	a.Handler = routes(o, metrics, authenticate, a.background, graphQL, serveSchema(core), old, page, compressed)
	return a, nil
}

// documents are those that a request may name. Trusted ones must be valid.
func (o Options) documents(core *engine.Engine) (*persisted.Documents, error) {
	if o.TrustedDocuments == "" {
		if o.NoPersistedQueries {
			return nil, nil
		}
		return persisted.Automatic(), nil
	}
	documents, err := persisted.Trusted(o.TrustedDocuments)
	if err != nil {
		return nil, err
	}
	for _, text := range documents.Texts() {
		if _, err := core.Preload(text); err != nil {
			return nil, fmt.Errorf("trusted document %.60q: %w", text, err)
		}
	}
	return documents, nil
}

// compressor compresses answers, nil where that is turned off.
func (o Options) compressor() (*compression.Compressor, error) {
	if o.NoCompression {
		return nil, nil
	}
	return compression.New(graphqlhttp.Stream)
}

// routes says which path is whose.
func routes(o Options, m *observe.Metrics, who authenticate, background *service.Supervisor, graphQL, sdl http.Handler, old *rest.Handler, page http.Handler, compressed *compression.Compressor) http.Handler {
	mux := http.NewServeMux()
	graphQLSites, oldSites := csrf.Protection{Trusted: o.CORSOrigins}, csrf.Protection{}
	if o.RequireHTTPSForChanges {
		graphQLSites.Secure, oldSites.Secure = o.Addresses.Secure, o.Addresses.Secure
	}
	mux.Handle("/graphql", graphQLSites.Middleware(cors(o.CORSOrigins, compressed.Middleware(sameOrigin(signedIn(who, graphQL))))))
	mux.Handle("GET /schema.graphql", graphQLSites.Middleware(cors(o.CORSOrigins, compressed.Middleware(authenticated(who, sdl, refuse)))))
	xml := xmlrpc.New(old, o.Log)
	byXML := oldSites.Middleware(compressed.Middleware(xml))
	mux.Handle(rest.Prefix, oldSites.Middleware(compressed.Middleware(old)))
	mux.Handle(xmlrpc.Prefix, byXML)
	mux.Handle(strings.TrimSuffix(xmlrpc.Prefix, "/"), byXML)
	if !o.NoPlayground {
		mux.Handle(playground.Prefix, recognized(who, page))
		mux.Handle(playground.Prefix+"/", recognized(who, page))
		mux.Handle("GET /{$}", http.RedirectHandler(playground.Prefix, http.StatusFound))
	}
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("GET /healthz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }))
	mux.Handle("GET /readyz", ready(o.Store, o.NotReady, background))
	return observe.Requests(o.Log, m, observe.NewTracer(o.Tracer), o.Addresses.Client, guard(o.Log, o.RequestTime, cmp.Or(o.MaxBody, MaxBody),
		boundedHeaders(cmp.Or(o.MaxHeader, MaxHeader), map[string]refuser{rest.Prefix: old, xmlrpc.Prefix: xml}, o.Addresses.Locate(mux))))
}

// reporter logs what only the operator should know.
func reporter(log *slog.Logger) func(context.Context, *fault.Fault) {
	return func(ctx context.Context, f *fault.Fault) {
		if f.Code == fault.Internal || f.Code == fault.Unavailable {
			log.ErrorContext(ctx, "fault", "code", f.Code, "cause", f.Cause)
		}
	}
}

// Run does the server's own work until ctx ends: it runs the jobs that nobody
// waits for, and removes what is old.
func (a *API) Run(ctx context.Context) {
	defer a.hub.Close()
	a.background.Run(ctx)
}

// Prepare gets ready what must not be done within a transaction.
func (a *API) Prepare(ctx context.Context) error { return a.encrypter.Prepare(ctx) }
