package customer

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// AddGroup links a group to a customer. Where it is linked already nothing
// changes, the version neither.
func (s *Service) AddGroup(ctx context.Context, in model.AddCloudUserGroupInput) (*model.AddCloudUserGroupPayload, error) {
	out := &model.AddCloudUserGroupPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, s.about("addCloudUserGroup", in.CustomerID, in, in.Execution),
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if out.Customer, err = hold(ctx, tx, in.CustomerID); err != nil {
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
		})
	if err != nil {
		return nil, err
	}
	out.Customer, out.CloudUserGroup = job.Settled(ctx, out.Customer), job.Settled(ctx, out.CloudUserGroup)
	return out, nil
}

// RemoveGroup takes away the link of a group. Where there is none nothing
// changes.
func (s *Service) RemoveGroup(ctx context.Context, in model.RemoveCloudUserGroupInput) (*model.RemoveCloudUserGroupPayload, error) {
	out := &model.RemoveCloudUserGroupPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, s.about("removeCloudUserGroup", in.CustomerID, in, in.Execution),
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if out.Customer, err = hold(ctx, tx, in.CustomerID); err != nil {
				return err
			}
			linked, err := isLinked(ctx, tx, in.CustomerID, in.CloudUserGroupID)
			if err != nil || !linked {
				return err
			}
			out.Customer, err = out.Customer.Update().RemoveCloudUserGroupIDs(in.CloudUserGroupID).Save(ctx)
			return err
		})
	if err != nil {
		return nil, err
	}
	out.Customer = job.Settled(ctx, out.Customer)
	return out, nil
}

// Group returns the group with that guid, or the fault that it is missing.
func Group(ctx context.Context, client *ent.Client, id uuid.UUID) (*ent.CloudUserGroup, error) {
	g, err := client.CloudUserGroup.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, fault.Missing("cloudusergroup", id)
	}
	return g, err
}

// hold returns a customer that the caller may change and keeps others from
// changing it until the end of the transaction. SQLite has one writer, which
// is the same.
func hold(ctx context.Context, tx *ent.Client, id uuid.UUID) (*ent.Customer, error) {
	if err := customer.Policy.EvalMutation(ctx, tx.Customer.UpdateOneID(id).Mutation()); err != nil {
		return nil, err
	}
	query := tx.Customer.Query().Where(customer.ID(id), func(s *sql.Selector) {
		if s.Dialect() == dialect.Postgres {
			s.ForUpdate()
		}
	})
	c, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing("customer", id)
	}
	return c, err
}

// isLinked is asked while the customer is held, so that its answer stays true.
func isLinked(ctx context.Context, tx *ent.Client, customerID, groupID uuid.UUID) (bool, error) {
	return tx.Customer.Query().
		Where(customer.ID(customerID), customer.HasCloudUserGroupsWith(cloudusergroup.ID(groupID))).
		Exist(ctx)
}
