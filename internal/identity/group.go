package identity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
)

// CreateGroup makes a cloud user group.
func (s *Service) CreateGroup(ctx context.Context, in model.CreateCloudUserGroupInput) (*model.CreateCloudUserGroupPayload, error) {
	out := &model.CreateCloudUserGroupPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: "createCloudUserGroup", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.CloudUserGroup, err = tx.CloudUserGroup.Create().
				SetName(in.Name).SetNillableDescription(in.Description).Save(ctx)
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
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: "updateCloudUserGroup", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			up := tx.CloudUserGroup.UpdateOneID(in.CloudUserGroupID).SetNillableName(in.Name)
			setText(in.Description, up.SetDescription)
			out.CloudUserGroup, err = up.Save(ctx)
			return missingGroup(err, in.CloudUserGroupID)
		})
	if err != nil {
		return nil, err
	}
	out.CloudUserGroup = job.Settled(ctx, out.CloudUserGroup)
	return out, nil
}

// DeleteGroup deletes a group with its links.
func (s *Service) DeleteGroup(ctx context.Context, in model.DeleteCloudUserGroupInput) (*model.DeleteCloudUserGroupPayload, error) {
	done, err := s.Jobs.Do(ctx, job.Change{Action: "deleteCloudUserGroup", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			return missingGroup(tx.CloudUserGroup.DeleteOneID(in.CloudUserGroupID).Exec(ctx), in.CloudUserGroupID)
		})
	if err != nil {
		return nil, err
	}
	return &model.DeleteCloudUserGroupPayload{CloudUserGroupID: in.CloudUserGroupID, Job: done}, nil
}

func missingGroup(err error, id uuid.UUID) error {
	if ent.IsNotFound(err) {
		return fault.Missing("cloudusergroup", id)
	}
	return err
}

// AddUser puts a user into a group. A member stays as it is.
func (s *Service) AddUser(ctx context.Context, in model.AddUserToGroupInput) (*model.AddUserToGroupPayload, error) {
	return s.member(ctx, "addUserToGroup", in, func(up *ent.CloudUserGroupUpdateOne, is bool) *ent.CloudUserGroupUpdateOne {
		if is {
			return up
		}
		return up.AddUserIDs(in.CloudUserID)
	})
}

// RemoveUser takes a user out of a group, if it is in it.
func (s *Service) RemoveUser(ctx context.Context, in model.RemoveUserFromGroupInput) (*model.RemoveUserFromGroupPayload, error) {
	out, err := s.member(ctx, "removeUserFromGroup", model.AddUserToGroupInput(in),
		func(up *ent.CloudUserGroupUpdateOne, _ bool) *ent.CloudUserGroupUpdateOne {
			return up.RemoveUserIDs(in.CloudUserID)
		})
	return (*model.RemoveUserFromGroupPayload)(out), err
}

// member changes who is in a group. Who is in a group may read customers, so
// only an administrator decides it.
func (s *Service) member(ctx context.Context, action string, in model.AddUserToGroupInput,
	edit func(*ent.CloudUserGroupUpdateOne, bool) *ent.CloudUserGroupUpdateOne,
) (*model.AddUserToGroupPayload, error) {
	out := &model.AddUserToGroupPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: action, Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if !viewer.FromContext(ctx).May(viewer.Administrator) {
				return forbidden()
			}
			// Changing the user's version holds its row until the end.
			out.CloudUser, err = tx.CloudUser.UpdateOneID(in.CloudUserID).Save(ctx)
			if ent.IsNotFound(err) {
				return fault.Missing("clouduser", in.CloudUserID)
			}
			if err != nil {
				return err
			}
			is, err := tx.CloudUserGroup.Query().Where(
				cloudusergroup.ID(in.CloudUserGroupID), cloudusergroup.HasUsersWith(clouduser.ID(in.CloudUserID))).Exist(ctx)
			if err != nil {
				return err
			}
			out.CloudUserGroup, err = edit(tx.CloudUserGroup.UpdateOneID(in.CloudUserGroupID), is).Save(ctx)
			return missingGroup(err, in.CloudUserGroupID)
		})
	if err != nil {
		return nil, err
	}
	s.Changed(ctx, in.CloudUserID)
	out.CloudUser, out.CloudUserGroup = job.Settled(ctx, out.CloudUser), job.Settled(ctx, out.CloudUserGroup)
	return out, nil
}
