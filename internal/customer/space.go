package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudspace"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/textrule"
)

// CreateSpace creates a cloud space of a customer.
func (s *Service) CreateSpace(ctx context.Context, in model.CreateCloudSpaceInput) (*model.CreateCloudSpacePayload, error) {
	out := &model.CreateCloudSpacePayload{}
	change := s.newChange("createCloudSpace", in.CustomerID, in, in.Execution)
	change.OnlyWrites = in.ParentID == nil
	return job.Run(ctx, s.Jobs, change, out, &out.Job, Touch(new(*ent.Customer), in.CustomerID,
		func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
			if err := checkParentSpace(ctx, tx, in); err != nil {
				return err
			}
			out.CloudSpace, err = tx.CloudSpace.Create().
				SetCustomerID(in.CustomerID).
				SetNillableParentID(in.ParentID).
				SetName(in.Name).
				SetNillableDescription(in.Description).
				SetNillableStatus(in.Status).
				Save(ctx)
			if err == nil {
				r.ObjectID = out.CloudSpace.ID
			}
			return err
		}), job.RowAt(&out.CloudSpace))
}

// checkParentSpace returns an error if the space in which one is to be created does not exist, or is another customer's.
func checkParentSpace(ctx context.Context, tx *ent.Client, in model.CreateCloudSpaceInput) error {
	if in.ParentID == nil {
		return nil
	}
	parent, err := tx.CloudSpace.Get(ctx, *in.ParentID)
	if err == nil && parent.CustomerID != in.CustomerID {
		err = fault.New(fault.Invalid, "The cloud space %s is not one of the customer's", in.ParentID).On("parentId")
	}
	return ent.Missing(err, "cloudspace", *in.ParentID)
}

// UpdateSpace changes the given properties of a cloud space.
func (s *Service) UpdateSpace(ctx context.Context, in model.UpdateCloudSpaceInput) (*model.UpdateCloudSpacePayload, error) {
	out := &model.UpdateCloudSpacePayload{}
	return job.Run(ctx, s.Jobs, s.newSpaceChange("updateCloudSpace", in.CloudSpaceID, in, in.Execution), out, &out.Job,
		updateSpace(&out.CloudSpace, in.CloudSpaceID, in.ExpectedVersion, func(up *ent.CloudSpaceUpdateOne) {
			up.SetNillableName(in.Name).SetNillableStatus(in.Status)
			textrule.Set(in.Description, up.SetDescription)
		}), job.RowAt(&out.CloudSpace))
}

// SetSpaceStatus sets the status of a cloud space.
func (s *Service) SetSpaceStatus(ctx context.Context, in model.SetCloudSpaceStatusInput) (*model.SetCloudSpaceStatusPayload, error) {
	out := &model.SetCloudSpaceStatusPayload{}
	return job.Run(ctx, s.Jobs, s.newSpaceChange("setCloudSpaceStatus", in.CloudSpaceID, in, in.Execution), out, &out.Job,
		updateSpace(&out.CloudSpace, in.CloudSpaceID, in.ExpectedVersion, func(up *ent.CloudSpaceUpdateOne) { up.SetStatus(in.Status) }),
		job.RowAt(&out.CloudSpace))
}

// updateSpace returns work that updates a cloud space, and with it the version of its customer.
func updateSpace(changed **ent.CloudSpace, id uuid.UUID, expected *uuid.UUID, edit func(*ent.CloudSpaceUpdateOne)) job.Work {
	return func(ctx context.Context, tx *ent.Client, r *job.Record) error {
		space, err := updateSpaceIfVersion(ctx, tx, id, expected, edit)
		if err != nil {
			return err
		}
		*changed, r.CustomerID = space, space.CustomerID
		_, err = updateIfVersion(ctx, tx, r.CustomerID, nil, nil)
		return err
	}
}

// DeleteSpace deletes a cloud space that contains no spaces.
func (s *Service) DeleteSpace(ctx context.Context, in model.DeleteCloudSpaceInput) (*model.DeleteCloudSpacePayload, error) {
	out := &model.DeleteCloudSpacePayload{CloudSpaceID: in.CloudSpaceID}
	return job.Run(ctx, s.Jobs, s.newSpaceChange("deleteCloudSpace", in.CloudSpaceID, in, in.Execution), out, &out.Job,
		func(ctx context.Context, tx *ent.Client, r *job.Record) error {
			space, err := updateSpaceIfVersion(ctx, tx, in.CloudSpaceID, in.ExpectedVersion, nil)
			if err != nil {
				return err
			}
			r.CustomerID = space.CustomerID
			if _, err := updateIfVersion(ctx, tx, r.CustomerID, nil, nil); err != nil {
				return err
			}
			err = tx.CloudSpace.DeleteOneID(in.CloudSpaceID).Exec(ctx)
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "The cloud space has spaces in it").On("cloudSpaceId").Because(err)
			}
			return err
		})
}

// newSpaceChange returns a change of one cloud space.
func (s *Service) newSpaceChange(action string, id uuid.UUID, input any, ex *model.ExecutionInput) job.Change {
	return job.Change{
		Action: action, Input: input, Execution: ex, ObjectID: &id, OnlyWrites: true,
		Authorize: job.ByPolicy(cloudspace.Policy, s.Client.CloudSpace.UpdateOneID(id).Mutation()),
	}
}

// updateSpaceIfVersion updates a cloud space in one statement. It fails with CONFLICT if the space has another version
// than expected. nil accepts any version.
func updateSpaceIfVersion(ctx context.Context, tx *ent.Client, id uuid.UUID, expected *uuid.UUID,
	edit func(*ent.CloudSpaceUpdateOne),
) (*ent.CloudSpace, error) {
	up := tx.CloudSpace.UpdateOneID(id)
	if expected != nil {
		up.Where(cloudspace.Version(*expected))
	}
	if edit != nil {
		edit(up)
	}
	changed, err := up.Save(ctx)
	return changed, ent.Stale(ctx, err, "cloudspace", id, expected, tx.CloudSpace.Get, func(c *ent.CloudSpace) uuid.UUID { return c.Version })
}
