// Package job makes changes and records them: who, what, with which
// parameters, when, how it ended. The record and the change are one
// transaction; a failed change leaves its record only.
//
//   - A Recorder makes a change that its caller waits for. The change has two
//     stages: one before its transaction, which may call another system, and one
//     within, which has the transaction and cannot (BeforeTx).
//   - A Queue takes a change that nobody waits for. Everything that can be
//     checked is checked before the job is recorded.
//   - A Worker leases such jobs, and makes their changes with the rights that
//     the job's user has at that time.
package job

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/stamp"
	"cloudapi/internal/strictjson"
)

// Change is what a caller asks for.
type Change struct {
	// Action is the name of the mutation.
	Action string
	// Input is the input of the mutation; the job keeps it, secrets redacted.
	Input any
	// Execution has the options of the job, nil for none.
	Execution *model.ExecutionInput
	// CustomerID is the customer that the change concerns, nil for none.
	CustomerID *uuid.UUID
	// ObjectID is the object that the change concerns where that is not the
	// customer, nil for none: a group, a user, a cloud space.
	ObjectID *uuid.UUID
	// OnlyWrites says that the work reads nothing but rows that it has just updated,
	// so that it can share a transaction with others (internal/groupcommit). Such work
	// may be called again, after what it has done was undone.
	OnlyWrites bool
	// Authorize checks whether the caller may make the change, before anything
	// else and whatever its maxduration. Where it fails, or is nil, a failed
	// change leaves no text of its caller's and does not belong to the customer.
	Authorize func(ctx context.Context) error
	// Check checks what can be checked before the transaction: all that does
	// not need another system. Nil for nothing.
	Check func(ctx context.Context) error
	// Before is the stage before the transaction, nil for none.
	Before func(ctx context.Context, before BeforeTx, jobID uuid.UUID) error
}

// Record is what the work of a change may say of its job.
type Record struct {
	// JobID is the guid of the job.
	JobID uuid.UUID
	// CustomerID may be set by work that creates the customer.
	CustomerID uuid.UUID
	// ObjectID may be set by work that creates another object than a customer.
	ObjectID uuid.UUID
	// Result is kept with the job.
	Result strictjson.Object
	// Parts are the changes that the work has made together, none where it is one.
	Parts []Part
}

// Work is the stage of a change within its transaction.
type Work func(ctx context.Context, tx *ent.Client, r *Record) error

// attempt is a change with its job.
type attempt struct {
	*Change
	id         uuid.UUID
	started    time.Time
	authorized bool
	parts      []Part // that are recorded
}

func newAttempt(c *Change) *attempt {
	return &attempt{Change: c, id: stamp.NewID(), started: now()}
}

// ByPolicy returns an Authorize that asks the policy of an entity.
func ByPolicy(policy ent.Policy, m ent.Mutation) func(context.Context) error {
	return func(ctx context.Context) error { return policy.EvalMutation(ctx, m) }
}

// authorize checks whether the caller may make the change.
func (a *attempt) authorize(ctx context.Context) error {
	if a.Authorize == nil {
		return nil
	}
	err := a.Authorize(ctx)
	a.authorized = err == nil
	return err
}

// admit checks whether the caller may make the change, and the options of the
// job. It returns a context that ends when the caller's maxduration has passed.
func (a *attempt) admit(ctx context.Context) (context.Context, context.CancelFunc, error) {
	// What was made before is not there to be asked about: a key's answer comes first.
	if err := notMade(ctx); err != nil {
		return ctx, func() {}, err
	}
	if err := a.authorize(ctx); err != nil {
		return ctx, func() {}, err
	}
	if err := a.checkOptions(); err != nil {
		return ctx, func() {}, err
	}
	d := a.duration()
	if d == 0 {
		return ctx, func() {}, nil
	}
	late := fault.New(fault.Timeout, "Given up after maxduration, %v; nothing of it is kept", d).On("maxduration")
	ctx, cancel := context.WithTimeoutCause(ctx, d, late)
	return ctx, cancel, nil
}

// check checks all that needs neither another system nor the transaction.
func (a *attempt) check(ctx context.Context, client *ent.Client) error {
	if a.Check == nil && a.Before == nil {
		return nil
	}
	if err := a.checkParent(ctx, client); err != nil || a.Check == nil {
		return err
	}
	return a.Check(ctx)
}

// checkParent refuses a parent that is no known job (CONTRACT.md, 4).
func (a *attempt) checkParent(ctx context.Context, client *ent.Client) error {
	id := a.parent()
	if id == nil {
		return nil
	}
	known, err := client.Job.Query().Where(job.ID(*id)).Exist(ctx)
	if err != nil {
		return err
	}
	if !known {
		return fault.New(fault.Invalid, "Could not find the job %s", id).On("parentJobId")
	}
	return nil
}

// now is the present as the database keeps it.
func now() time.Time { return stamp.Now() }
