package customer

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

// SetStatuses sets the statuses of customers, all or none.
func (s *Service) SetStatuses(ctx context.Context, in model.SetCustomerStatusesInput) (*CustomersChanged, error) {
	ids := make([]uuid.UUID, len(in.Changes))
	for i, c := range in.Changes {
		ids[i] = c.CustomerID
	}
	return s.ChangeMany(ctx, "setCustomerStatuses", in, in.Execution, "changes", ids,
		func(ctx context.Context, tx *ent.Client, locked map[uuid.UUID]*ent.Customer) ([]job.Part, error) {
			if err := checkStatusChanges(in.Changes, locked); err != nil {
				return nil, err
			}
			parts, byStatus := make([]job.Part, len(ids)), map[customer.Status][]uuid.UUID{}
			for i, c := range in.Changes {
				byStatus[c.Status] = append(byStatus[c.Status], c.CustomerID)
				parts[i] = job.Part{Action: "setCustomerStatus", CustomerID: c.CustomerID, Input: model.SetCustomerStatusInput{
					CustomerID: c.CustomerID, ExpectedVersion: c.ExpectedVersion, Status: c.Status,
				}}
			}
			for _, status := range Statuses() {
				if len(byStatus[status]) == 0 {
					continue
				}
				if err := tx.Customer.Update().Where(customer.IDIn(byStatus[status]...)).SetStatus(status).Exec(ctx); err != nil {
					return nil, err
				}
			}
			return parts, nil
		})
}

// checkStatusChanges rejects customers that occur twice, or have another version than expected. They are locked.
func checkStatusChanges(changes []*model.CustomerStatusChangeInput, locked map[uuid.UUID]*ent.Customer) error {
	var faults EntryFaults
	seen := map[uuid.UUID]bool{}
	for i, c := range changes {
		e := Entry{"input.changes", i}
		if seen[c.CustomerID] {
			faults.Add(e, "customerId", fault.New(fault.Invalid, "The customer %s is in the list more than once", c.CustomerID))
		}
		seen[c.CustomerID] = true
		if current := locked[c.CustomerID].Version; c.ExpectedVersion != nil && *c.ExpectedVersion != current {
			faults.Add(e, "expectedVersion", fault.Stale("customer", c.CustomerID, current, c.ExpectedVersion))
		}
	}
	return faults.Join(nil)
}

// AddGroups links groups to customers, all or none. A customer that already has its links does not change, and neither does
// its version.
func (s *Service) AddGroups(ctx context.Context, in model.AddCloudUserGroupsInput) (*CustomersChanged, error) {
	ids, groups := make([]uuid.UUID, len(in.Links)), make([]uuid.UUID, len(in.Links))
	for i, l := range in.Links {
		ids[i], groups[i] = l.CustomerID, l.CloudUserGroupID
	}
	return s.ChangeMany(ctx, "addCloudUserGroups", in, in.Execution, "links", ids,
		func(ctx context.Context, tx *ent.Client, _ map[uuid.UUID]*ent.Customer) ([]job.Part, error) {
			known, err := knownGroups(ctx, tx, groups)
			if err != nil {
				return nil, err
			}
			var faults EntryFaults
			parts := make([]job.Part, len(ids))
			for i, l := range in.Links {
				if !known[l.CloudUserGroupID] {
					faults.Add(Entry{"input.links", i}, "cloudUserGroupId", fault.Missing("cloudusergroup", l.CloudUserGroupID))
				}
				parts[i] = job.Part{Action: "addCloudUserGroup", CustomerID: l.CustomerID, Input: model.AddCloudUserGroupInput{
					CustomerID: l.CustomerID, CloudUserGroupID: l.CloudUserGroupID,
				}}
			}
			if err := faults.Join(nil); err != nil {
				return nil, err
			}
			return parts, addMissingLinks(ctx, tx, ids, groups)
		})
}

// addMissingLinks adds the missing links between customers and groups, with a few statements for each group. The customers are locked.
func addMissingLinks(ctx context.Context, tx *ent.Client, customers, groups []uuid.UUID) error {
	linked, err := tx.Customer.Query().Where(customer.IDIn(Distinct(customers)...)).
		WithCloudUserGroups(func(q *ent.CloudUserGroupQuery) { q.Where(cloudusergroup.IDIn(Distinct(groups)...)) }).All(ctx)
	if err != nil {
		return err
	}
	type pair struct{ customer, group uuid.UUID }
	exists := map[pair]bool{}
	for _, c := range linked {
		for _, g := range c.Edges.CloudUserGroups {
			exists[pair{c.ID, g.ID}] = true
		}
	}
	missing := map[uuid.UUID][]uuid.UUID{}
	for i, id := range customers {
		if p := (pair{id, groups[i]}); !exists[p] {
			exists[p] = true
			missing[p.group] = append(missing[p.group], id)
		}
	}
	for _, group := range Distinct(groups) {
		if len(missing[group]) == 0 {
			continue
		}
		if err := tx.Customer.Update().Where(customer.IDIn(missing[group]...)).AddCloudUserGroupIDs(group).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
