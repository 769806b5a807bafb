package identity

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// newMembershipChange returns a change of the users or groups in a group. Only an administrator may make it, because members may
// read customers.
func (s *Service) newMembershipChange(action string, in any, ex *model.ExecutionInput, group uuid.UUID) job.Change {
	// The rule only checks that members change, not which (ent/rule).
	c := s.newGroupChange(action, in, ex, &group, s.Client.CloudUserGroup.UpdateOneID(group).AddUserIDs(group).Mutation())
	c.OnlyWrites = false
	return c
}

// AddUser adds a user to a group.
func (s *Service) AddUser(ctx context.Context, in model.AddUserToGroupInput) (*model.AddUserToGroupPayload, error) {
	return s.changeUserMembership(ctx, "addUserToGroup", in, func(up *ent.CloudUserGroupUpdateOne, isMember bool) error {
		if isMember {
			return fault.New(fault.Conflict, "User already in group").On("cloudUserId")
		}
		up.AddUserIDs(in.CloudUserID)
		return nil
	})
}

// RemoveUser removes a user from a group, if it is a member.
func (s *Service) RemoveUser(ctx context.Context, in model.RemoveUserFromGroupInput) (*model.RemoveUserFromGroupPayload, error) {
	out, err := s.changeUserMembership(ctx, "removeUserFromGroup", model.AddUserToGroupInput(in),
		func(up *ent.CloudUserGroupUpdateOne, _ bool) error {
			up.RemoveUserIDs(in.CloudUserID)
			return nil
		})
	return (*model.RemoveUserFromGroupPayload)(out), err
}

// changeUserMembership changes whether a user is in a group.
func (s *Service) changeUserMembership(ctx context.Context, action string, in model.AddUserToGroupInput,
	edit func(*ent.CloudUserGroupUpdateOne, bool) error,
) (*model.AddUserToGroupPayload, error) {
	out := &model.AddUserToGroupPayload{}
	change := s.newMembershipChange(action, in, in.Execution, in.CloudUserGroupID)
	return job.Run(ctx, s.Jobs, change, out, &out.Job, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		// Updating the user's version locks its row until the end.
		out.CloudUser, err = tx.CloudUser.UpdateOneID(in.CloudUserID).Save(ctx)
		if err != nil {
			return ent.Missing(err, "clouduser", in.CloudUserID)
		}
		isMember, err := tx.CloudUserGroup.Query().Where(
			cloudusergroup.ID(in.CloudUserGroupID), cloudusergroup.HasUsersWith(clouduser.ID(in.CloudUserID))).Exist(ctx)
		if err != nil {
			return err
		}
		out.CloudUserGroup, err = updateGroup(ctx, tx, in.CloudUserGroupID,
			func(up *ent.CloudUserGroupUpdateOne) error { return edit(up, isMember) })
		return err
	}, s.changed(in.CloudUserID), job.RowAt(&out.CloudUser), job.RowAt(&out.CloudUserGroup))
}

func updateGroup(ctx context.Context, tx *ent.Client, id uuid.UUID, edit func(*ent.CloudUserGroupUpdateOne) error) (*ent.CloudUserGroup, error) {
	known, err := tx.CloudUserGroup.Query().Where(cloudusergroup.ID(id)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fault.Missing("cloudusergroup", id)
	}
	up := tx.CloudUserGroup.UpdateOneID(id)
	if err := edit(up); err != nil {
		return nil, err
	}
	changed, err := up.Save(ctx)
	if ent.IsConstraintError(err) {
		// Deleted meanwhile.
		err = fault.Missing("cloudusergroup", id).Because(err)
	}
	return changed, ent.Missing(err, "cloudusergroup", id)
}

// AddGroup adds a group to another one as a member.
func (s *Service) AddGroup(ctx context.Context, in model.AddGroupToGroupInput) (*model.AddGroupToGroupPayload, error) {
	return s.changeGroupMembership(ctx, "addGroupToGroup", in, func(ctx context.Context, tx *ent.Client, up *ent.CloudUserGroupUpdateOne) error {
		if err := rejectCycle(ctx, tx, in.CloudUserGroupID, in.MemberCloudUserGroupID); err != nil {
			return err
		}
		isMember, err := tx.CloudUserGroup.Query().Where(
			cloudusergroup.ID(in.CloudUserGroupID), cloudusergroup.HasGroupsWith(cloudusergroup.ID(in.MemberCloudUserGroupID))).Exist(ctx)
		if err != nil {
			return err
		}
		if isMember {
			return fault.New(fault.Conflict, "Selected group is already part of the group").On("memberCloudUserGroupId")
		}
		up.AddGroupIDs(in.MemberCloudUserGroupID)
		return nil
	})
}

// RemoveGroup removes a group from another one, if it is a member.
func (s *Service) RemoveGroup(ctx context.Context, in model.RemoveGroupFromGroupInput) (*model.RemoveGroupFromGroupPayload, error) {
	out, err := s.changeGroupMembership(ctx, "removeGroupFromGroup", model.AddGroupToGroupInput(in),
		func(_ context.Context, _ *ent.Client, up *ent.CloudUserGroupUpdateOne) error {
			up.RemoveGroupIDs(in.MemberCloudUserGroupID)
			return nil
		})
	return (*model.RemoveGroupFromGroupPayload)(out), err
}

// changeGroupMembership changes whether a group is a member of another one.
func (s *Service) changeGroupMembership(ctx context.Context, action string, in model.AddGroupToGroupInput,
	edit func(context.Context, *ent.Client, *ent.CloudUserGroupUpdateOne) error,
) (*model.AddGroupToGroupPayload, error) {
	out := &model.AddGroupToGroupPayload{}
	change := s.newMembershipChange(action, in, in.Execution, in.CloudUserGroupID)
	return job.Run(ctx, s.Jobs, change, out, &out.Job, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		if err := lockGroups(ctx, tx, in.CloudUserGroupID, in.MemberCloudUserGroupID); err != nil {
			return err
		}
		if out.Member, err = tx.CloudUserGroup.Get(ctx, in.MemberCloudUserGroupID); err != nil {
			return ent.Missing(err, "cloudusergroup", in.MemberCloudUserGroupID)
		}
		out.CloudUserGroup, err = updateGroup(ctx, tx, in.CloudUserGroupID,
			func(up *ent.CloudUserGroupUpdateOne) error { return edit(ctx, tx, up) })
		return err
	}, job.RowAt(&out.CloudUserGroup), job.RowAt(&out.Member))
}

// lockGroups locks the rows of two groups, and of all groups that have or are members, until the end of the transaction. Two
// changes that could close a circle together lock at least one common row, so that one waits for the other and sees its
// result.
func lockGroups(ctx context.Context, tx *ent.Client, ids ...uuid.UUID) error {
	_, err := tx.CloudUserGroup.Query().
		Where(
			cloudusergroup.Or(cloudusergroup.IDIn(ids...), cloudusergroup.HasGroups(), cloudusergroup.HasMemberOf()),
			ent.ForUpdate).
		Order(cloudusergroup.ByID()).
		Unique(false).
		IDs(ctx)
	return err
}

// rejectCycle rejects making a group a member of itself, at any depth.
func rejectCycle(ctx context.Context, tx *ent.Client, group, member uuid.UUID) error {
	ancestors := []uuid.UUID{group}
	for seen := map[uuid.UUID]bool{group: true}; len(ancestors) > 0; {
		if slices.Contains(ancestors, member) {
			return fault.New(fault.Conflict, "The groups would be members of each other").On("memberCloudUserGroupId")
		}
		next, err := tx.CloudUserGroup.Query().
			Where(cloudusergroup.HasGroupsWith(cloudusergroup.IDIn(ancestors...))).IDs(ctx)
		if err != nil {
			return err
		}
		ancestors = slices.DeleteFunc(next, func(id uuid.UUID) bool { return seen[id] })
		for _, id := range ancestors {
			seen[id] = true
		}
	}
	return nil
}
