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

// maxFailed bounds the parameters that a failed change leaves, in bytes. What
// passes the checks of its fields is smaller.
const maxFailed = 64 << 10

// draft fills the row of a job that keeps what its caller has sent. Its customer
// is still to be set.
func (a *attempt) draft(ctx context.Context, client *ent.Client) (*ent.JobCreate, error) {
	parameters, _, err := a.parameters()
	if err != nil {
		return nil, err
	}
	p := a.params()
	return a.plain(ctx, client).
		SetParameters(parameters).
		SetNillableName(p.Name).
		SetNillableDescription(p.Description).
		SetNillableUserErrorMessage(p.UserErrormsg).
		SetNillableInternalErrorMessage(p.InternalErrormsg).
		SetNillableParentID(a.parent()), nil
}

// failed fills the row of a change that has failed. One that was refused, or
// whose caller may not make it, leaves no text of its caller's; neither belongs to
// a customer that the caller may not change.
func (a *attempt) failed(ctx context.Context, client *ent.Client, f *fault.Fault) (*ent.JobCreate, error) {
	parameters, size, err := a.parameters()
	if err != nil {
		return nil, err
	}
	var row *ent.JobCreate
	if refused(f) || size > maxFailed || !a.authorized {
		row = a.plain(ctx, client).SetParameters(guids(parameters)).SetError(f.Reason())
	} else {
		if row, err = a.draft(ctx, client); err != nil {
			return nil, err
		}
		row.SetError(string(f.Code) + ": " + f.Message)
	}
	if a.authorized && f.Code != fault.NotFound {
		row.SetNillableCustomerID(a.CustomerID)
	}
	return row, nil
}

// plain fills what every job keeps: action, user, time and the guid that was
// named.
func (a *attempt) plain(ctx context.Context, client *ent.Client) *ent.JobCreate {
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

// refused reports whether a change has failed for what its caller sent, or who
// the caller is.
func refused(f *fault.Fault) bool {
	switch f.Code {
	case fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Invalid, fault.TooLarge:
		return true
	default:
		return false
	}
}

// parameters is the input as the job keeps it, and its size in bytes. Secrets
// write their placeholder by themselves, whatever encodes them.
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

// guids returns the parameters that are guids.
func guids(parameters strictjson.Object) strictjson.Object {
	named := maps.Clone(parameters)
	maps.DeleteFunc(named, func(_ string, value any) bool {
		text, _ := value.(string)
		_, err := uuid.Parse(text)
		return err != nil || len(text) != len(uuid.Nil.String())
	})
	return named
}
