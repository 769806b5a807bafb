package graph

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/ent/job"
	"cloudapi/internal/event"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
)

// Topic is the subject of a subscription. Exactly one field is set.
type Topic struct {
	Customer uuid.UUID
	Job      uuid.UUID
	Changes  *Changes
}

// Changes has the arguments of the subscription `changes`.
type Changes struct {
	After *string
	Where *model.ChangeWhereInput
}

// Matches reports whether the subscription includes an event.
func (c *Changes) Matches(e *event.Event) bool {
	w := c.Where
	switch {
	case !e.Done():
		return false
	case w == nil:
		return true
	}
	return (w.CustomerID == nil || *w.CustomerID == e.CustomerID) &&
		(w.CustomerIDIn == nil || contains(w.CustomerIDIn, e.CustomerID)) &&
		(w.Action == nil || *w.Action == e.Action) &&
		(w.ActionIn == nil || contains(w.ActionIn, e.Action)) &&
		(w.UserID == nil || *w.UserID == e.UserID)
}

func contains[T comparable](list []T, value T) bool {
	for _, one := range list {
		if one == value {
			return true
		}
	}
	return false
}

// Subscribed configures one execution of a subscription. The first execution finds the topic; each later one produces an
// answer.
type Subscribed struct {
	// Topic is set by the first execution.
	Topic *Topic
	// Change is the event that an execution of `changes` answers with.
	Change *event.Change
}

type subscribedKey struct{}

// WithSubscribed returns the context for an execution of a subscription.
func WithSubscribed(ctx context.Context, s *Subscribed) context.Context {
	return context.WithValue(ctx, subscribedKey{}, s)
}

// errNotStreamed is the fault of a subscription in a request that can have only one answer.
func errNotStreamed() error {
	return fault.New(fault.Invalid, "A subscription needs a WebSocket, or a request that accepts text/event-stream")
}

// answerOne gives a subscription one answer: the result of load.
func answerOne[T any](ctx context.Context, topic Topic, load func(*Subscribed) (T, bool, error)) (<-chan T, error) {
	s, ok := ctx.Value(subscribedKey{}).(*Subscribed)
	if !ok {
		return nil, errNotStreamed()
	}
	out := make(chan T, 1)
	defer close(out)
	if s.Topic != nil {
		*s.Topic = topic
		return out, nil
	}
	one, ok, err := load(s)
	if err != nil {
		return nil, err
	}
	if ok {
		out <- one
	}
	return out, nil
}

// subscribedCustomer answers with the customer, null if it does not exist.
func (r *Resolver) subscribedCustomer(ctx context.Context, id uuid.UUID) (<-chan *ent.Customer, error) {
	return answerOne(ctx, Topic{Customer: id}, func(*Subscribed) (*ent.Customer, bool, error) {
		found, err := find(ctx, "customer", id, r.Client.Customer.Query().Where(customer.ID(id)))
		return found, true, err
	})
}

// subscribedJob answers with the job.
func (r *Resolver) subscribedJob(ctx context.Context, id uuid.UUID) (<-chan *ent.Job, error) {
	return answerOne(ctx, Topic{Job: id}, func(*Subscribed) (*ent.Job, bool, error) {
		found, err := find(ctx, "job", id, r.Client.Job.Query().Where(job.ID(id)))
		return found, true, err
	})
}

// subscribedChange answers with one change, or with nothing if the viewer may not see its job.
func (r *Resolver) subscribedChange(ctx context.Context, c *Changes) (<-chan *event.Change, error) {
	return answerOne(ctx, Topic{Changes: c}, func(s *Subscribed) (*event.Change, bool, error) {
		visible, err := r.Client.Job.Query().Where(job.ID(s.Change.JobID)).Exist(ctx)
		return s.Change, visible, err
	})
}

// changeCustomer returns the current customer of a change, nil if the viewer may not see it.
func (r *Resolver) changeCustomer(ctx context.Context, c *event.Change) (*ent.Customer, error) {
	if c.CustomerID == nil {
		return nil, nil
	}
	found, err := find(ctx, "customer", *c.CustomerID, r.Client.Customer.Query().Where(customer.ID(*c.CustomerID)))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return found, err
}
