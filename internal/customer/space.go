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
	var err error
	change := s.newChange("createCloudSpace", in.CustomerID, in, in.Execution)
	change.OnlyWrites = in.ParentID == nil
	_, out.Job, err = s.Change(ctx, change, nil, nil,
		func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
			if err := parentSpace(ctx, tx, in); err != nil {
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
		})
	if err != nil {
		return nil, err
	}
	out.CloudSpace = job.Detach(ctx, out.CloudSpace)
	return out, nil
}

func parentSpace(ctx context.Context, tx *ent.Client, in model.CreateCloudSpaceInput) error {
	if in.ParentID == nil {
		return nil
	}
	known, err := tx.CloudSpace.Query().
		Where(cloudspace.ID(*in.ParentID), cloudspace.CustomerID(in.CustomerID)).Exist(ctx)
	if err == nil && !known {
		err = fault.New(fault.Invalid, "The customer has no cloud space %s", in.ParentID).On("parentId")
	}
	return err
}

// UpdateSpace changes the given properties of a cloud space.
func (s *Service) UpdateSpace(ctx context.Context, in model.UpdateCloudSpaceInput) (*model.UpdateCloudSpacePayload, error) {
	out := &model.UpdateCloudSpacePayload{}
	var err error
	out.CloudSpace, out.Job, err = s.changeSpace(ctx,
		s.newSpaceChange("updateCloudSpace", in.CloudSpaceID, in, in.Execution), in.ExpectedVersion,
		func(up *ent.CloudSpaceUpdateOne) {
			up.SetNillableName(in.Name).SetNillableStatus(in.Status)
			textrule.Set(in.Description, up.SetDescription)
		})
	return out, err
}

// SetSpaceStatus sets the status of a cloud space.
func (s *Service) SetSpaceStatus(ctx context.Context, in model.SetCloudSpaceStatusInput) (*model.SetCloudSpaceStatusPayload, error) {
	out := &model.SetCloudSpaceStatusPayload{}
	var err error
	out.CloudSpace, out.Job, err = s.changeSpace(ctx,
		s.newSpaceChange("setCloudSpaceStatus", in.CloudSpaceID, in, in.Execution), in.ExpectedVersion,
		func(up *ent.CloudSpaceUpdateOne) { up.SetStatus(in.Status) })
	return out, err
}

// changeSpace changes a cloud space, and with it the version of its customer.
func (s *Service) changeSpace(ctx context.Context, c job.Change, expected *uuid.UUID,
	edit func(*ent.CloudSpaceUpdateOne),
) (*ent.CloudSpace, *ent.Job, error) {
	var changed *ent.CloudSpace
	done, err := s.Jobs.Do(ctx, c, func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
		if changed, err = updateSpaceIfVersion(ctx, tx, *c.ObjectID, expected, edit); err != nil {
			return err
		}
		r.CustomerID = changed.CustomerID
		_, err = updateIfVersion(ctx, tx, r.CustomerID, nil, nil)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return job.Detach(ctx, changed), done, nil
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
