package api

import (
	"context"
	"net/http"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/event"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/auth"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/graphqlhttp"
	"cloudapi/server/observe"
	"cloudapi/server/subscription"
)

// channel is PostgreSQL's channel for notifications between servers.
const channel = "cloudapi_events"

// The kinds of notifications. One about rights reports changes that create no job, such as signing out.
const (
	notifyChanges = "changes"
	notifyRights  = "rights"
)

// notifyTime is the time limit of a notification about rights.
const notifyTime = 2 * time.Second

// rightsChanged makes every server check the users of its streams.
func (a *API) rightsChanged() {
	a.Streams.RightsChanged()
	if a.store.Dialect() != "postgres" {
		return
	}
	service.Go(a.log, "rights-notification", func() {
		ctx, cancel := context.WithTimeout(context.Background(), notifyTime)
		defer cancel()
		if err := a.store.Notify(ctx, channel, notifyRights); err != nil {
			a.log.DebugContext(ctx, "other servers could not be notified", "error", err)
		}
	})
}

// buildStreams creates the parts of subscriptions: the feed of events, the hub that answers, and the connections.
func (a *API) buildStreams(o Options, core *engine.Engine, m *observe.Metrics) {
	// The store's driver implements event.Database.
	log := event.NewLog(o.Store.Driver().(event.Database))
	hub := subscription.New(subscription.Options{
		Engine: core, Log: log, Time: o.RequestTime, Logger: o.Log, Deleted: a.viewersOfDeleted,
		Rights: func() { a.Streams.RightsChanged() }, Sent: m.Sent, Executed: m.SubscriptionExecuted, Ended: m.StreamCut,
	})
	feed := event.Options{Log: o.Log}
	if o.Store.Dialect() == "postgres" {
		feed.Wait = func(ctx context.Context, wake func()) error {
			return o.Store.Listen(ctx, channel, func(what string) {
				if what != notifyChanges {
					a.Streams.RightsChanged()
				}
				wake()
			})
		}
		feed.Notify = func(ctx context.Context) error { return o.Store.Notify(ctx, channel, notifyChanges) }
	}
	a.feed = event.NewFeed(log, hub, feed)
	hub.SetFeed(a.feed)
	a.hub = hub
	a.Streams = graphqlhttp.NewStreams(hub, a.accounts, o.Streams, o.Log)
	a.Streams.Ended = m.StreamCut
	a.Streams.Poll = func() bool { return o.Store.Dialect() == "postgres" && !o.Store.Notified() }
	m.Streams(a.Streams.Open, a.feed.WaitingTime)
}

// committed notifies the feed of an operation's committed changes.
func (a *API) committed(answer engine.Answer) {
	if answer.Executed && answer.Operation != nil && answer.Operation.Operation == ast.Mutation {
		a.feed.Committed()
	}
}

// runStreams runs subscriptions until ctx ends. After a failure it is called again with the same hub.
func (a *API) runStreams(ctx context.Context) error {
	return service.All(ctx, a.Streams.Run, a.feed.Run)
}

// viewersOfDeleted returns the users in the groups of the customer that a job has deleted. The job has the customer's last state,
// including its groups.
func (a *API) viewersOfDeleted(ctx context.Context, id uuid.UUID) (map[uuid.UUID]bool, error) {
	j, err := a.Client.Job.Get(viewer.SystemContext(ctx), id)
	if err != nil {
		return nil, err
	}
	text, _ := j.Result["customer"].(string)
	var last struct {
		Groups []string `yaml:"cloudusergroups"`
	}
	if err := yaml.Unmarshal([]byte(text), &last); err != nil {
		return nil, err
	}
	groups := make([]uuid.UUID, 0, len(last.Groups))
	for _, text := range last.Groups {
		if id, err := uuid.Parse(text); err == nil {
			groups = append(groups, id)
		}
	}
	return a.accounts.Members(ctx, groups)
}

// streamAllowed reports whether a request may open a stream; pages of other sites may not.
func streamAllowed(r *http.Request) bool { return csrf.OtherSite(r.Context(), true) == nil }

// graphQL returns the handler of /graphql.
func (a *API) graphQL(o Options, core *engine.Engine, who *auth.Authenticator) (*graphqlhttp.Handler, error) {
	documents, err := o.documents(core)
	if err != nil {
		return nil, err
	}
	return &graphqlhttp.Handler{
		Engine: core, Challenge: challenge, Documents: documents, Streams: a.Streams,
		Authenticate: who.Authenticate, Allowed: streamAllowed, RequestTime: o.RequestTime,
	}, nil
}
