package api

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/graph/selection"
	"cloudapi/internal/portal"
	"cloudapi/internal/viewer"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// registerMetrics registers the counters of the API's parts with the metrics.
func (a *API) registerMetrics(o Options, m *observe.Metrics) {
	t := observe.NewTracer(o.Tracer)
	o.Store.Watch(observe.Statements(m, t))
	m.Database(o.Store, func(ctx context.Context) (observe.Queue, error) { return queue(ctx, a.Client) })
	none := func() int64 { return 0 }
	if a.Reader != nil {
		m.Reads(a.Reader.Fast.Load, a.Reader.Ordinary.Load, a.Reader.Failed.Load)
	} else {
		m.Reads(none, none, none)
	}
	state := func() string { return portal.States()[0] }
	if remote, ok := o.Portal.(*portal.HTTP); ok {
		state = remote.State
		remote.Watch(observe.Portal(m, t))
	}
	m.Circuit(state, portal.States())
	m.Services(a.background)
}

// queue counts the unfinished jobs.
func queue(ctx context.Context, c *ent.Client) (observe.Queue, error) {
	var counts []struct {
		Status job.Status
		Count  int
	}
	ctx = viewer.SystemContext(ctx)
	unfinished := c.Job.Query().Where(job.StatusIn(job.StatusWAITING, job.StatusRUNNING))
	if err := unfinished.Clone().GroupBy(job.FieldStatus).Aggregate(ent.Count()).Scan(ctx, &counts); err != nil {
		return observe.Queue{}, err
	}
	var q observe.Queue
	for _, of := range counts {
		switch of.Status {
		case job.StatusWAITING:
			q.Waiting = of.Count
		case job.StatusRUNNING:
			q.Running = of.Count
		}
	}
	oldest, err := unfinished.Order(job.ByID()).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return observe.Queue{}, err
	}
	if oldest != nil {
		q.Oldest = oldest.StartedAt
	}
	return q, nil
}

// recordAnswer records an answer of the engine for the log and the metrics.
func recordAnswer(ctx context.Context, answer engine.Answer) {
	operation := ""
	if answer.Operation != nil {
		operation = rootField(answer.Operation)
		observe.NoteRoot(ctx, operation)
	}
	counted := map[string]bool{}
	for _, err := range answer.Errors {
		code, _ := err.Extensions["code"].(string)
		limit, _ := err.Extensions["limit"].(string)
		if !counted[code] {
			counted[code] = true
			observe.NoteFault(ctx, operation, code, limit)
		}
	}
}

// rootNames returns the root fields of the schema.
func rootNames(schema *ast.Schema) []string {
	var names []string
	for _, kind := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range kind.Fields {
			names = append(names, field.Name)
		}
	}
	return names
}

// rootField returns the root field of a validated operation. It returns "several" for more than one, because clients could create
// any number of combinations.
func rootField(op *ast.OperationDefinition) string {
	names := map[string]struct{}{}
	for f := range selection.Fields(op.SelectionSet) {
		names[f.Name] = struct{}{}
	}
	if len(names) != 1 {
		return "several"
	}
	for name := range names {
		return name
	}
	return ""
}
