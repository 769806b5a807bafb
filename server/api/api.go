// Package api assembles the server; read it first. Every API (GraphQL, the old URLs, XML-RPC, the export) uses the same
// engine, every change goes through the same recorder of jobs, and every right is a policy of ent.
//
// build.go, background.go, streams.go and metrics.go create the parts, which New connects. routes has the paths. The
// other files are handlers and extensions that belong to several of the APIs.
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
	"cloudapi/internal/capacity"
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
	"cloudapi/server/export"
	"cloudapi/server/graphqlhttp"
	"cloudapi/server/limit"
	"cloudapi/server/observe"
	"cloudapi/server/persisted"
	"cloudapi/server/playground"
	"cloudapi/server/rest"
	"cloudapi/server/rest/openapi"
	"cloudapi/server/subscription"
	"cloudapi/server/xmlrpc"
)

// DefaultRoleTime is how long the role in an issuer's last token applies, unless RoleTime is set.
const DefaultRoleTime = 30 * 24 * time.Hour

// Options configures an API.
type Options struct {
	Store     *store.Store
	Log       *slog.Logger
	Passwords *password.Hasher
	// Issuer verifies the tokens of an OpenID Connect issuer; nil for none.
	Issuer *auth.Issuer
	// RoleTime is how long personal tokens of an issuer's user stay valid after the user's last token of the issuer; 0 means
	// 30 days.
	RoleTime time.Duration
	// Addresses finds the client address of a request.
	Addresses auth.Addresses
	// Portal is the ITPS portal; nil means the embedded portal with the accounts in this database.
	Portal      portal.Portal
	SecretKey   secret.Text
	SessionTime time.Duration
	// RequestTime is the time limit of a request.
	RequestTime time.Duration
	CORSOrigins []string
	// Streams limits the connections for subscriptions.
	Streams graphqlhttp.StreamLimits
	// RequireHTTPSForChanges rejects changes over plain HTTP.
	RequireHTTPSForChanges bool
	// MaxBody is the maximum size of a request body, in bytes; 0 means the constant MaxBody.
	MaxBody int64
	// MaxHeader is the maximum size of the URL and the headers, in bytes; 0 means the constant MaxHeader.
	MaxHeader int
	Limits    limit.Limits
	// Budget limits the answers and the memory of running operations.
	Budget budget.Limits
	Rates  limit.Rates
	// Introspect reports whether a viewer may introspect the schema; nil means every signed-in viewer.
	Introspect func(*viewer.Viewer) bool
	// NoPersistedQueries disables automatic persisted queries.
	NoPersistedQueries bool
	// TrustedDocuments is a directory or a manifest of the only documents that /graphql accepts; "" means any document.
	TrustedDocuments string
	// Demo says that the database has only demo data: the playground's examples may then create what they change.
	Demo bool
	// NoCompression disables the compression of answers.
	NoCompression bool
	// NoPlayground disables the playground.
	NoPlayground bool
	// Version is the program's version, for the metrics.
	Version string
	// Tracer makes spans of requests; nil for none.
	Tracer trace.Tracer
	// JobWorkers is the number of workers that run background jobs; 0 means DefaultJobWorkers, -1 means none.
	JobWorkers int
	// KeepJobs is how long finished jobs are stored; 0 means forever.
	KeepJobs time.Duration
	// NotReady returns why requests cannot be answered yet, "" if they can; nil for a server that is always ready.
	NotReady func() string
	// SeparateReads disables sharing a statement among concurrent reads.
	SeparateReads bool
	// OrdinaryReads disables the fast read path.
	OrdinaryReads bool
	// SeparateCommits disables sharing a commit among concurrent changes.
	SeparateCommits bool
}

// API is a server without a socket.
type API struct {
	Handler   http.Handler
	Client    *ent.Client
	Identity  *identity.Service
	Sessions  *session.Service
	Customers *customer.Service
	Capacity  *capacity.Service
	// Reader is the fast read path, nil if it is disabled.
	Reader *fastread.Reader
	// Metrics has the server's metrics.
	Metrics *observe.Metrics
	// Streams has the open streaming connections. Stop them before the server.
	Streams *graphqlhttp.Streams

	encrypter  *jobs.Encrypter
	background *service.Supervisor
	feed       *event.Feed
	hub        *subscription.Hub
	accounts   *session.Accounts
	store      *store.Store
	usage      *session.Usage
	log        *slog.Logger
}

// New assembles an API on a migrated database.
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
		recorder.Commits = groupcommit.New(o.Store, groupcommit.Options{Executed: metrics.Shared("commit"), Ungrouped: metrics.Alone})
	}
	authenticator := a.buildIdentity(o, recorder, metrics)
	queue := a.buildCustomers(o, recorder, authenticator, metrics)
	core, keys := a.buildEngine(o, queue, metrics)
	a.background = service.New(service.Options{Log: o.Log})
	a.addBackgroundServices(o, queue, keys)
	a.registerMetrics(o, metrics)
	a.buildStreams(o, core, metrics)
	graphQL, err := a.graphQL(o, core, authenticator)
	if err != nil {
		return nil, err
	}
	authenticate := whenReady(o.NotReady, authenticator.Authenticate)
	old, err := rest.New(rest.Options{
		Engine: core, Authenticate: authenticate, Challenge: auth.Challenge, Log: o.Log,
		Describe: openapi.Describe, PageTime: o.RequestTime,
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
	files, err := export.New(export.Options{Engine: core, PageTime: o.RequestTime, Refuse: refuse})
	if err != nil {
		return nil, err
	}
	a.Handler = routes(o, metrics, authenticate, a.background, graphQL, serveSchema(core), files, old, page, compressed)
	return a, nil
}

// documents returns the named documents that requests may use. Trusted documents must be valid.
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

// compressor returns the compressor of answers, nil if it is disabled.
func (o Options) compressor() (*compression.Compressor, error) {
	if o.NoCompression {
		return nil, nil
	}
	return compression.New(graphqlhttp.MayStream)
}

// routes assigns handlers to paths.
func routes(o Options, m *observe.Metrics, authenticate authenticateFunc, background *service.Supervisor, graphQL, sdl, files http.Handler, old *rest.Handler, page http.Handler, compressed *compression.Compressor) http.Handler {
	mux := http.NewServeMux()
	graphQLSites, oldSites := csrf.Protection{Trusted: o.CORSOrigins}, csrf.Protection{}
	if o.RequireHTTPSForChanges {
		graphQLSites.Secure, oldSites.Secure = o.Addresses.Secure, o.Addresses.Secure
	}
	mux.Handle("/graphql", graphQLSites.Middleware(cors(o.CORSOrigins, compressed.Middleware(sameOrigin(withViewer(authenticate, graphQL))))))
	mux.Handle("GET /schema.graphql", graphQLSites.Middleware(cors(o.CORSOrigins, compressed.Middleware(requireValid(authenticate, sdl, refuse)))))
	mux.Handle("GET "+export.Prefix, graphQLSites.Middleware(cors(o.CORSOrigins, compressed.Middleware(requireValid(authenticate, files, refuse)))))
	xml := xmlrpc.New(old, o.Log)
	byXML := oldSites.Middleware(compressed.Middleware(xml))
	byURL := oldSites.Middleware(compressed.Middleware(old))
	mux.Handle(strings.TrimSuffix(xmlrpc.Prefix, "/"), byXML)
	if !o.NoPlayground {
		mux.Handle(playground.Prefix, withOptionalViewer(authenticate, page))
		mux.Handle(playground.Prefix+"/", withOptionalViewer(authenticate, page))
		mux.Handle("GET /{$}", http.RedirectHandler(playground.Prefix, http.StatusFound))
	}
	mux.Handle("GET /metrics", m.Handler())
	mux.Handle("GET /healthz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }))
	mux.Handle("GET /readyz", ready(o.Store, o.NotReady, background))
	return observe.Requests(o.Log, m, observe.NewTracer(o.Tracer), o.Addresses.Client, guard(o.Log, o.RequestTime, cmp.Or(o.MaxBody, MaxBody),
		limitHeaders(cmp.Or(o.MaxHeader, MaxHeader), map[string]refuser{rest.Prefix: old, xmlrpc.Prefix: xml}, o.Addresses.Locate(byPrefix(map[string]http.Handler{rest.Prefix: byURL, xmlrpc.Prefix: byXML}, mux)))))
}

// byPrefix passes requests to the handler of their path's prefix. Unlike a ServeMux it does not redirect a path with // or ..: the
// old API answers such a path itself.
func byPrefix(handlers map[string]http.Handler, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for prefix, h := range handlers {
			if strings.HasPrefix(r.URL.Path, prefix) {
				h.ServeHTTP(w, r)
				return
			}
		}
		others.ServeHTTP(w, r)
	})
}

// reportFault returns a function that logs the details of faults for operators.
func reportFault(log *slog.Logger) func(context.Context, *fault.Fault) {
	return func(ctx context.Context, f *fault.Fault) {
		if f.Code == fault.Internal || f.Code == fault.Unavailable {
			log.ErrorContext(ctx, "fault", "code", f.Code, "cause", f.Cause)
		}
	}
}

// Run does background work until ctx ends: it runs background jobs and removes expired data.
func (a *API) Run(ctx context.Context) {
	defer a.hub.Close()
	a.background.Run(ctx)
}

// Prepare does the preparations that must not run within a transaction, and completes migrations.
func (a *API) Prepare(ctx context.Context) error {
	if err := a.encrypter.Prepare(ctx); err != nil {
		return err
	}
	return foldTexts(ctx, a.Client, a.store.Dialect())
}
