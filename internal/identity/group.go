package identity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/textrule"
)

// CreateGroup creates a cloud user group.
func (s *Service) CreateGroup(ctx context.Context, in model.CreateCloudUserGroupInput) (*model.CreateCloudUserGroupPayload, error) {
	out := &model.CreateCloudUserGroupPayload{}
	return job.Run(ctx, s.Jobs, s.newGroupChange("createCloudUserGroup", in, in.Execution, nil, s.Client.CloudUserGroup.Create().Mutation()), out, &out.Job,
		func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
			out.CloudUserGroup, err = tx.CloudUserGroup.Create().
				SetName(in.Name).SetNillableDescription(in.Description).Save(ctx)
			if err == nil {
				r.ObjectID = out.CloudUserGroup.ID
			}
			return err
		}, job.RowAt(&out.CloudUserGroup))
}

// UpdateGroup changes the given properties of a group.
func (s *Service) UpdateGroup(ctx context.Context, in model.UpdateCloudUserGroupInput) (*model.UpdateCloudUserGroupPayload, error) {
	out := &model.UpdateCloudUserGroupPayload{}
	change := s.newGroupChange("updateCloudUserGroup", in, in.Execution, &in.CloudUserGroupID,
		s.Client.CloudUserGroup.UpdateOneID(in.CloudUserGroupID).Mutation())
	return job.Run(ctx, s.Jobs, change, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.CloudUserGroup, err = updateGroupIfVersion(ctx, tx, in.CloudUserGroupID, in.ExpectedVersion, func(up *ent.CloudUserGroupUpdateOne) {
				up.SetNillableName(in.Name)
				textrule.Set(in.Description, up.SetDescription)
			})
			return err
		}, job.RowAt(&out.CloudUserGroup))
}

// DeleteGroup deletes a group with its links. Objects whose forms show the group get a new version: its customers, and the groups
// that contain it.
func (s *Service) DeleteGroup(ctx context.Context, in model.DeleteCloudUserGroupInput) (*model.DeleteCloudUserGroupPayload, error) {
	out := &model.DeleteCloudUserGroupPayload{CloudUserGroupID: in.CloudUserGroupID}
	change := s.newGroupChange("deleteCloudUserGroup", in, in.Execution, &in.CloudUserGroupID,
		s.Client.CloudUserGroup.UpdateOneID(in.CloudUserGroupID).Mutation())
	return job.Run(ctx, s.Jobs, change, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			// The update locks the row, so that no link to it can be added meanwhile.
			if _, err := updateGroupIfVersion(ctx, tx, in.CloudUserGroupID, in.ExpectedVersion, nil); err != nil {
				return err
			}
			own := cloudusergroup.ID(in.CloudUserGroupID)
			if err := tx.Customer.Update().Where(customer.HasCloudUserGroupsWith(own)).Exec(ctx); err != nil {
				return err
			}
			if err := tx.CloudUserGroup.Update().Where(cloudusergroup.HasGroupsWith(own)).Exec(ctx); err != nil {
				return err
			}
			return tx.CloudUserGroup.DeleteOneID(in.CloudUserGroupID).Exec(ctx)
		})
}

// newGroupChange returns a change of a group.
func (s *Service) newGroupChange(action string, input any, ex *model.ExecutionInput, id *uuid.UUID, m ent.Mutation) job.Change {
	return job.Change{Action: action, Input: input, Execution: ex, ObjectID: id, OnlyWrites: true, Authorize: job.ByPolicy(cloudusergroup.Policy, m)}
}

// updateGroupIfVersion updates a group in one statement. It fails with CONFLICT if the group has another version than
// expected. nil accepts any version.
func updateGroupIfVersion(ctx context.Context, tx *ent.Client, id uuid.UUID, expected *uuid.UUID,
	edit func(*ent.CloudUserGroupUpdateOne),
) (*ent.CloudUserGroup, error) {
	up := tx.CloudUserGroup.UpdateOneID(id)
	if expected != nil {
		up.Where(cloudusergroup.Version(*expected))
	}
	if edit != nil {
		edit(up)
	}
	changed, err := up.Save(ctx)
	return changed, ent.Stale(ctx, err, "cloudusergroup", id, expected, tx.CloudUserGroup.Get, func(g *ent.CloudUserGroup) uuid.UUID { return g.Version })
}
