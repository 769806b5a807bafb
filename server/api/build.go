package api

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/graph"
	"cloudapi/internal/capacity"
	"cloudapi/internal/customer"
	"cloudapi/internal/fastread"
	"cloudapi/internal/idempotency"
	"cloudapi/internal/identity"
	jobs "cloudapi/internal/job"
	"cloudapi/internal/portal"
	"cloudapi/internal/session"
	"cloudapi/server/auth"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// buildIdentity creates the services for users: accounts, passwords, tokens and sessions.
func (a *API) buildIdentity(o Options, recorder *jobs.Recorder, metrics *observe.Metrics) *auth.Authenticator {
	accounts := &session.Accounts{Client: a.Client, Jobs: recorder, RoleTime: o.RoleTime}
	if accounts.RoleTime == 0 {
		accounts.RoleTime = DefaultRoleTime
	}
	a.accounts = accounts
	a.usage = session.NewUsage(a.Client, o.Log)
	authenticator := auth.New(auth.Options{
		Accounts: accounts, Passwords: o.Passwords, Issuer: o.Issuer, Outcome: metrics.SignIn, Log: o.Log,
		Used: a.usage.Record,
	})
	changed := func(ctx context.Context, user uuid.UUID) {
		authenticator.Forget(ctx, user)
		a.rightsChanged()
	}
	a.Identity = &identity.Service{
		Client: a.Client, Jobs: recorder, Passwords: o.Passwords, Verify: authenticator.SignIn, Changed: changed,
	}
	a.Sessions = &session.Service{
		Client: a.Client, Jobs: recorder, Verify: authenticator.SignIn, Changed: changed, Time: o.SessionTime,
	}
	return authenticator
}

// buildCustomers creates the services for customers and the queue of their jobs.
func (a *API) buildCustomers(o Options, recorder *jobs.Recorder, authenticator *auth.Authenticator, metrics *observe.Metrics) *jobs.Queue {
	if o.Portal == nil {
		o.Portal = portal.NewEmbedded(a.Identity, o.Passwords, func(username, caller string) (func(bool, error), error) {
			return authenticator.Attempt("portal", username, caller)
		})
	}
	a.encrypter = &jobs.Encrypter{Client: a.Client, Key: o.SecretKey}
	queue := jobs.NewQueue(recorder, a.encrypter)
	queue.Clock = o.Store.Now
	a.Customers = &customer.Service{Client: a.Client, Jobs: recorder, Portal: o.Portal, Queue: queue}
	a.Capacity = &capacity.Service{Customers: a.Customers}
	return queue
}

// buildEngine creates the engine with all of its checks.
func (a *API) buildEngine(o Options, queue *jobs.Queue, metrics *observe.Metrics) (*engine.Engine, *idempotency.Keys) {
	present := (&graph.Presenter{
		Classify: classify, RequestID: observe.RequestID,
		Report: reportFault(o.Log),
	}).Present
	keys := &idempotency.Keys{Client: a.Client, Encrypter: a.encrypter, Present: present, Outcome: metrics.Key}
	core := engine.New(engine.Options{
		Schema: graph.NewSchema(&graph.Resolver{
			Client: a.Client, Dialect: o.Store.Dialect(), Customers: a.Customers, Capacity: a.Capacity, Identity: a.Identity,
			Sessions: a.Sessions, Queue: queue,
		}),
		Presenter: present, Limits: o.Limits, Budget: o.Budget, Rates: o.Rates, Origin: auth.AddressFrom, Introspect: o.Introspect, CheckChange: csrf.Change,
		Idempotency: keys, Log: o.Log,
		Observe: func(ctx context.Context, answer engine.Answer) {
			recordAnswer(ctx, answer)
			a.committed(answer)
		},
	})
	core.Use(graph.Introspection{})
	core.Use(standbyReads{})
	core.Use(customPlans{})
	if !o.OrdinaryReads {
		a.Reader = fastread.New(o.Store, fastread.Options{Time: o.RequestTime, Separate: o.SeparateReads, Executed: metrics.Shared("read"), Log: o.Log})
		core.Use(a.Reader)
	}
	return core, keys
}
