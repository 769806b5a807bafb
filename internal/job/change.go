// Package job makes changes and records them: who, what, with which parameters, when, and how it ended. The record and
// the change are one transaction; a failed change leaves only its record.
//
//   - A Recorder makes a change while its caller waits. The change has two stages: one before its transaction, which may call other
//     systems, and one within, which has the transaction and may not (BeforeTx).
//   - A Queue records a change for the background, after making every possible check.
//   - A Worker leases such jobs, and makes their changes with the rights that the job's user has at that time.
//
// Read the files in this order:
//
//   - change.go: what a change is. options.go: its options.
//   - recorder.go: how a change is made. transaction.go: its transaction, or that of the whole operation. commit.go: group commit.
//   - row.go, failure.go, parts.go, payload.go: the rows of successful and failed jobs, and the payload.
//   - queue.go, worker.go, run.go, encrypter.go: background jobs.
//   - tree.go, visible.go, action.go, prune.go: reading jobs, their old names, and removing old ones.
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

// Change is a change that a caller requests.
type Change struct {
	// Action is the name of the mutation.
	Action string
	// Input is the input of the mutation; the job stores it with secrets redacted.
	Input any
	// Execution has the options of the job, nil for none.
	Execution *model.ExecutionInput
	// CustomerID is the customer that the change concerns, nil for none.
	CustomerID *uuid.UUID
	// ObjectID is the object that the change concerns if that is not the customer, nil for none: a group, a user, a cloud
	// space.
	ObjectID *uuid.UUID
	// OnlyWrites says that the work reads only rows that it has just updated, so that it can share a transaction with others
	// (internal/groupcommit). Such work may be called again after its effects were undone.
	OnlyWrites bool
	// Authorize checks whether the caller may make the change, before anything else and whatever its maxduration. If it
	// fails, or is nil, a failed change stores no text of its caller and does not belong to the customer.
	Authorize func(ctx context.Context) error
	// Check makes the checks that need neither another system nor the transaction; it may be nil.
	Check func(ctx context.Context) error
	// Before is the stage before the transaction; it may be nil.
	Before func(ctx context.Context, before BeforeTx, jobID uuid.UUID) error
}

// Record is what the work of a change sets in its job.
type Record struct {
	// JobID is the guid of the job.
	JobID uuid.UUID
	// CustomerID may be set by work that creates the customer.
	CustomerID uuid.UUID
	// ObjectID may be set by work that creates another object than a customer.
	ObjectID uuid.UUID
	// Result is stored with the job.
	Result strictjson.Object
	// Parts are the changes that the work has made together, none for a single change.
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
	parts      []Part // to be recorded
}

func newAttempt(c *Change) *attempt {
	return &attempt{Change: c, id: stamp.NewID(), started: now()}
}

// ByPolicy returns an Authorize that evaluates the policy of an entity.
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

// authorizeAndLimit checks whether the caller may make the change, and the options of the job. It returns a context that ends when the
// caller's maxduration has passed.
func (a *attempt) authorizeAndLimit(ctx context.Context) (context.Context, context.CancelFunc, error) {
	begun := time.Now()
	// An operation that was already made is not checked again: the stored answer takes precedence.
	if err := checkNotReplayed(ctx); err != nil {
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
	timeout := fault.New(fault.Timeout, "Given up after maxduration, %v; nothing of it is kept", d).On("maxduration")
	ctx, cancel := context.WithDeadlineCause(ctx, begun.Add(d), timeout)
	return ctx, cancel, nil
}

// check makes the checks that need neither another system nor the transaction.
func (a *attempt) check(ctx context.Context, client *ent.Client) error {
	if a.Check == nil && a.Before == nil {
		return nil
	}
	if err := a.checkParent(ctx, client); err != nil || a.Check == nil {
		return err
	}
	return a.Check(ctx)
}

// checkParent rejects a parent that is not a known job (CONTRACT.md, 4).
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

// now returns the current time in the database's precision.
func now() time.Time { return stamp.Now() }
