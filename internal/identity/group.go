package identity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// CreateGroup makes a cloud user group.
func (s *Service) CreateGroup(ctx context.Context, in model.CreateCloudUserGroupInput) (*model.CreateCloudUserGroupPayload, error) {
	out := &model.CreateCloudUserGroupPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, s.aboutGroup("createCloudUserGroup", in, in.Execution, nil, s.Client.CloudUserGroup.Create().Mutation()),
		func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
			out.CloudUserGroup, err = tx.CloudUserGroup.Create().
				SetName(in.Name).SetNillableDescription(in.Description).Save(ctx)
			if err == nil {
				r.ObjectID = out.CloudUserGroup.ID
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	out.CloudUserGroup = job.Settled(ctx, out.CloudUserGroup)
	return out, nil
}

// UpdateGroup changes what is given of a group.
func (s *Service) UpdateGroup(ctx context.Context, in model.UpdateCloudUserGroupInput) (*model.UpdateCloudUserGroupPayload, error) {
	out := &model.UpdateCloudUserGroupPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, s.aboutGroup("updateCloudUserGroup", in, in.Execution, &in.CloudUserGroupID, s.Client.CloudUserGroup.UpdateOneID(in.CloudUserGroupID).Mutation()),
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.CloudUserGroup, err = touchGroup(ctx, tx, in.CloudUserGroupID, in.ExpectedVersion, func(up *ent.CloudUserGroupUpdateOne) {
				up.SetNillableName(in.Name)
				setText(in.Description, up.SetDescription)
			})
			return err
		})
	if err != nil {
		return nil, err
	}
	out.CloudUserGroup = job.Settled(ctx, out.CloudUserGroup)
	return out, nil
}

// DeleteGroup deletes a group with its links. What showed the group has another
// version afterwards: its customers, and the groups that it was a member of.
func (s *Service) DeleteGroup(ctx context.Context, in model.DeleteCloudUserGroupInput) (*model.DeleteCloudUserGroupPayload, error) {
	done, err := s.Jobs.Do(ctx, s.aboutGroup("deleteCloudUserGroup", in, in.Execution, &in.CloudUserGroupID, s.Client.CloudUserGroup.UpdateOneID(in.CloudUserGroupID).Mutation()),
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			// The update holds the row, so that no link to it comes meanwhile.
			if _, err := touchGroup(ctx, tx, in.CloudUserGroupID, in.ExpectedVersion, nil); err != nil {
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
	if err != nil {
		return nil, err
	}
	return &model.DeleteCloudUserGroupPayload{CloudUserGroupID: in.CloudUserGroupID, Job: done}, nil
}

// aboutGroup describes a change of a group.
func (s *Service) aboutGroup(action string, input any, ex *model.ExecutionInput, id *uuid.UUID, m ent.Mutation) job.Change {
	return job.Change{Action: action, Input: input, Execution: ex, ObjectID: id, OnlyWrites: true, Authorize: job.ByPolicy(cloudusergroup.Policy, m)}
}

// touchGroup changes a group in one guarded statement.
func touchGroup(ctx context.Context, tx *ent.Client, id uuid.UUID, expected *uuid.UUID,
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
	if !ent.IsNotFound(err) {
		return changed, err
	}
	current, err := tx.CloudUserGroup.Get(ctx, id)
	switch {
	case ent.IsNotFound(err), err == nil && expected == nil:
		return nil, fault.Missing("cloudusergroup", id)
	case err != nil:
		return nil, err
	}
	return nil, fault.Stale("cloudusergroup", id, current.Version, expected)
}

func missingGroup(err error, id uuid.UUID) error {
	if ent.IsNotFound(err) {
		return fault.Missing("cloudusergroup", id)
	}
	return err
}
