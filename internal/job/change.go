// Package job makes changes and records them: who, what, with which
// parameters, when, how it ended. The record and the change are one
// transaction; a failed change leaves its record only.
package job

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
)

// Change is what a caller asks for.
type Change struct {
	// Action is the name of the mutation.
	Action string
	// Input is the input of the mutation; the job keeps it, secrets redacted.
	Input any
	// Execution is how the caller wants the job carried out, nil for as usual.
	Execution *model.ExecutionInput
	// CustomerID is the customer that the change concerns, uuid.Nil for none.
	CustomerID uuid.UUID
	// ObjectID is the object that the change concerns where that is not the
	// customer: a group, a user, a cloud space.
	ObjectID uuid.UUID
	// Ask is work outside of the database that must succeed first: it runs
	// before the transaction begins.
	Ask func(ctx context.Context, jobID uuid.UUID) error

	// asked is when it was asked for, zero for now.
	asked time.Time
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
	Result map[string]any
}

// Work makes a change in a transaction.
type Work func(ctx context.Context, tx *ent.Client, r *Record) error

// limits of a job's own time.
const (
	maxDuration = 24 * time.Hour
	recordTime  = 5 * time.Second
	recordLate  = 500 * time.Millisecond
)

// params returns what the caller said of the job, never nil.
func (c *Change) params() *model.ExecutionParams {
	if c.Execution == nil || c.Execution.Params == nil {
		return &model.ExecutionParams{}
	}
	return c.Execution.Params
}

func (c *Change) parent() *uuid.UUID {
	if c.Execution == nil {
		return nil
	}
	return c.Execution.ParentJobID
}

// limit returns a context that ends when the caller's maxduration has passed.
func (c *Change) limit(ctx context.Context) (context.Context, context.CancelFunc, error) {
	seconds := c.params().Maxduration
	if seconds == nil {
		return ctx, func() {}, nil
	}
	if *seconds <= 0 || *seconds > maxDuration.Seconds() {
		return nil, nil, fault.New(fault.Invalid,
			"maxduration must be more than 0 and at most %.0f seconds", maxDuration.Seconds()).On("maxduration")
	}
	d := time.Duration(*seconds * float64(time.Second))
	late := fault.New(fault.Timeout, "Given up after maxduration, %v; nothing of it is kept", d).On("maxduration")
	ctx, cancel := context.WithTimeoutCause(ctx, d, late)
	return ctx, cancel, nil
}

// parameters is the input as the job keeps it. Secrets write their placeholder
// by themselves, whatever encodes them.
func (c *Change) parameters() (map[string]any, error) {
	text, err := json.Marshal(c.Input)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	delete(all, "execution")
	if other := c.params().Other; len(other) > 0 {
		all["executionparams"] = other
	}
	return all, nil
}

// draft fills a job's row but for how it ends.
func (c *Change) draft(ctx context.Context, client *ent.Client, id uuid.UUID, started time.Time) (*ent.JobCreate, error) {
	parameters, err := c.parameters()
	if err != nil {
		return nil, err
	}
	p := c.params()
	row := client.Job.Create().
		SetID(id).
		SetAction(c.Action).
		SetParameters(parameters).
		SetNillableName(p.Name).
		SetNillableDescription(p.Description).
		SetNillableUserErrorMessage(p.UserErrormsg).
		SetNillableInternalErrorMessage(p.InternalErrormsg).
		SetNillableParentID(c.parent()).
		SetStartedAt(started)
	if v := viewer.FromContext(ctx); v != nil {
		row.SetUserLogin(v.Login)
		if v.ID != uuid.Nil {
			row.SetUserID(v.ID)
		}
	}
	if c.CustomerID != uuid.Nil {
		row.SetCustomerID(c.CustomerID)
	}
	if id := c.object(); id != uuid.Nil {
		row.SetObjectID(id)
	}
	return row, nil
}

// object is the guid of the object that the change concerns, uuid.Nil for none.
func (c *Change) object() uuid.UUID {
	if c.ObjectID != uuid.Nil {
		return c.ObjectID
	}
	return c.CustomerID
}

// checkParent refuses a parent that is no known job (CONTRACT.md, 4).
func (c *Change) checkParent(ctx context.Context, client *ent.Client) error {
	id := c.parent()
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
func now() time.Time { return mixin.Now() }
