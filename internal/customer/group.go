package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// AddGroup links a group to a customer. If it is already linked, nothing changes, and the version does not either.
func (s *Service) AddGroup(ctx context.Context, in model.AddCloudUserGroupInput) (*model.AddCloudUserGroupPayload, error) {
	out := &model.AddCloudUserGroupPayload{}
	return job.Run(ctx, s.Jobs, s.newChange("addCloudUserGroup", in.CustomerID, in, in.Execution), out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if out.Customer, err = lock(ctx, tx, in.CustomerID); err != nil {
				return err
			}
			if out.CloudUserGroup, err = Group(ctx, tx, in.CloudUserGroupID); err != nil {
				return err
			}
			linked, err := isLinked(ctx, tx, in.CustomerID, in.CloudUserGroupID)
			if err != nil || linked {
				return err
			}
			out.Customer, err = out.Customer.Update().AddCloudUserGroupIDs(in.CloudUserGroupID).Save(ctx)
			return err
		}, job.RowAt(&out.Customer), job.RowAt(&out.CloudUserGroup))
}

// RemoveGroup removes the link of a group. If there is none, nothing changes.
func (s *Service) RemoveGroup(ctx context.Context, in model.RemoveCloudUserGroupInput) (*model.RemoveCloudUserGroupPayload, error) {
	out := &model.RemoveCloudUserGroupPayload{}
	return job.Run(ctx, s.Jobs, s.newChange("removeCloudUserGroup", in.CustomerID, in, in.Execution), out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if out.Customer, err = lock(ctx, tx, in.CustomerID); err != nil {
				return err
			}
			linked, err := isLinked(ctx, tx, in.CustomerID, in.CloudUserGroupID)
			if err != nil || !linked {
				return err
			}
			out.Customer, err = out.Customer.Update().RemoveCloudUserGroupIDs(in.CloudUserGroupID).Save(ctx)
			return err
		}, job.RowAt(&out.Customer))
}

// Group returns the group with the given guid.
func Group(ctx context.Context, client *ent.Client, id uuid.UUID) (*ent.CloudUserGroup, error) {
	g, err := client.CloudUserGroup.Get(ctx, id)
	return g, ent.Missing(err, "cloudusergroup", id)
}

// lock returns a customer that the caller may change and locks it until the end of the transaction.
func lock(ctx context.Context, tx *ent.Client, id uuid.UUID) (*ent.Customer, error) {
	if err := customer.Policy.EvalMutation(ctx, tx.Customer.UpdateOneID(id).Mutation()); err != nil {
		return nil, err
	}
	c, err := tx.Customer.Query().Where(customer.ID(id), ent.ForUpdate).Only(ctx)
	return c, ent.Missing(err, "customer", id)
}

// isLinked is called while the customer is locked, so that its result stays valid.
func isLinked(ctx context.Context, tx *ent.Client, customerID, groupID uuid.UUID) (bool, error) {
	return tx.Customer.Query().
		Where(customer.ID(customerID), customer.HasCloudUserGroupsWith(cloudusergroup.ID(groupID))).
		Exist(ctx)
}
