package job

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/fault"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/viewer"
)

// maxFailedParameters bounds the parameters that a failed change stores, in bytes. Valid parameters are smaller.
const maxFailedParameters = 64 << 10

// draftRow fills the row of a job with the caller's input. The customer is set later.
func (a *attempt) draftRow(ctx context.Context, client *ent.Client) (*ent.JobCreate, error) {
	parameters, _, err := a.parameters()
	if err != nil {
		return nil, err
	}
	p := a.params()
	row := a.baseRow(ctx, client)
	if d := a.duration(); d > 0 {
		row.SetDeadline(a.started.Add(d))
	}
	return row.
		SetParameters(parameters).
		SetNillableName(p.Name).
		SetNillableDescription(p.Description).
		SetNillableUserErrorMessage(p.UserErrormsg).
		SetNillableInternalErrorMessage(p.InternalErrormsg).
		SetNillableParentID(a.parent()), nil
}

// failedRow fills the row of a failed change. If the change was rejected, or its caller lacks the right, the row has no text of
// the caller. It belongs to a customer only if the caller may change that customer.
func (a *attempt) failedRow(ctx context.Context, client *ent.Client, f *fault.Fault) (*ent.JobCreate, error) {
	parameters, size, err := a.parameters()
	if err != nil {
		return nil, err
	}
	var row *ent.JobCreate
	if isRejected(f) || size > maxFailedParameters || !a.authorized {
		row = a.baseRow(ctx, client).SetParameters(onlyGUIDs(parameters)).SetError(f.Reason())
	} else {
		if row, err = a.draftRow(ctx, client); err != nil {
			return nil, err
		}
		row.SetError(string(f.Code) + ": " + f.Message)
	}
	if a.authorized && f.Code != fault.NotFound {
		row.SetNillableCustomerID(a.CustomerID)
	}
	return row, nil
}

// baseRow fills what every job has: action, user, time and the given guid.
func (a *attempt) baseRow(ctx context.Context, client *ent.Client) *ent.JobCreate {
	row := client.Job.Create().SetID(a.id).SetAction(a.Action).SetStartedAt(a.started).SetNillableObjectID(a.CustomerID)
	if a.ObjectID != nil {
		row.SetObjectID(*a.ObjectID)
	}
	if v := viewer.FromContext(ctx); v != nil {
		row.SetUserLogin(v.Login)
		if v.ID != uuid.Nil {
			row.SetUserID(v.ID)
		}
	}
	return row
}

// isRejected reports whether a change failed because of its input or its caller.
func isRejected(f *fault.Fault) bool {
	switch f.Code {
	case fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Invalid, fault.TooLarge:
		return true
	default:
		return false
	}
}

// parameters returns the input for the job, and its size in bytes. Secrets encode as placeholders.
func (c *Change) parameters() (all strictjson.Object, size int, err error) {
	text, err := json.Marshal(c.Input)
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, 0, err
	}
	delete(all, "execution")
	if other := c.params().Other; len(other) > 0 {
		all["executionparams"] = map[string]any(other)
	}
	return all, len(text), nil
}

// onlyGUIDs returns the parameters that are guids.
func onlyGUIDs(parameters strictjson.Object) strictjson.Object {
	named := maps.Clone(parameters)
	maps.DeleteFunc(named, func(_ string, value any) bool {
		text, _ := value.(string)
		_, err := uuid.Parse(text)
		return err != nil || len(text) != len(uuid.Nil.String())
	})
	return named
}
