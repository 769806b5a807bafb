package customer

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/stamp"
	"cloudapi/internal/textrule"
)

// Create creates a customer with the status CONFIGURED, and its initial units, groups and spaces.
func (s *Service) Create(ctx context.Context, in model.CreateCustomerInput) (*model.CreateCustomerPayload, error) {
	out := &model.CreateCustomerPayload{}
	return job.Run(ctx, s.Jobs, job.Change{
		Action: "createCustomer", Input: in, Execution: in.Execution, OnlyWrites: len(in.CloudUserGroupIds) == 0,
		Authorize: job.ByPolicy(customer.Policy, s.Client.Customer.Create().Mutation()),
	}, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
			if out.Customer, err = create(ctx, tx, in); err == nil {
				r.CustomerID = out.Customer.ID
			}
			return err
		}, job.RowAt(&out.Customer))
}

// create creates a customer with everything in the input. It reports all faults of the input.
func create(ctx context.Context, tx *ent.Client, in model.CreateCustomerInput) (*ent.Customer, error) {
	d := draft{tx: tx, customer: stamp.NewID()}
	d.addUnits("input.capacityAvailable", capacityunit.KindAVAILABLE, in.CapacityAvailable)
	d.addUnits("input.capacityConsumed", capacityunit.KindCONSUMED, in.CapacityConsumed)
	d.addSpaces("input.cloudSpaces", nil, in.CloudSpaces)
	if n := len(d.units) + len(d.spaces) + len(in.CloudUserGroupIds); n > maxEntries {
		return nil, fault.New(fault.Invalid, "The customer has %d units, groups and cloud spaces; at most %d are allowed in one input", n, maxEntries).On("input")
	}
	if err := d.addGroups(ctx, in.CloudUserGroupIds); err != nil {
		return nil, err
	}
	made, err := tx.Customer.Create().
		SetID(d.customer).
		SetName(in.Name).
		SetNameFold(textrule.Fold(in.Name)).
		SetNillableDescription(in.Description).
		SetNillableAddress(in.Address).
		SetNillableCity(in.City).
		SetNillableCountry(in.Country).
		SetNillableResourceGroupID(in.ResourceGroupID).
		SetNillableRetentionPolicyID(in.RetentionPolicyID).
		AddCloudUserGroupIDs(d.groups...).
		Save(ctx)
	if err := d.faults.Join(err); err != nil {
		return nil, err
	}
	if err := tx.CapacityUnit.CreateBulk(d.units...).Exec(ctx); err != nil {
		return nil, err
	}
	return made, tx.CloudSpace.CreateBulk(d.spaces...).Exec(ctx)
}

// draft has the parts of a new customer, and the faults found in them.
type draft struct {
	tx       *ent.Client
	customer uuid.UUID
	units    []*ent.CapacityUnitCreate
	spaces   []*ent.CloudSpaceCreate
	groups   []uuid.UUID
	faults   EntryFaults
}

func (b *draft) addUnits(list string, kind capacityunit.Kind, units []*model.NewCapacityUnitInput) {
	for i, u := range units {
		in := model.AddCapacityAvailableInput{CustomerID: b.customer, Type: u.Type, Amount: u.Amount, Name: u.Name, Description: u.Description}
		b.faults.AddUnit(Entry{list, i}, in)
		b.units = append(b.units, NewUnit(b.tx, kind, in))
	}
}

// addSpaces adds spaces depth first, which is the order of their guids.
func (b *draft) addSpaces(list string, parent *uuid.UUID, spaces []*model.NewCloudSpaceInput) {
	for i, s := range spaces {
		e := Entry{list, i}
		b.faults.Add(e, "name", cloudspace.NameValidator(s.Name))
		if s.Description != nil {
			b.faults.Add(e, "description", cloudspace.DescriptionValidator(*s.Description))
		}
		id := stamp.NewID()
		b.spaces = append(b.spaces, b.tx.CloudSpace.Create().
			SetID(id).SetCustomerID(b.customer).SetNillableParentID(parent).
			SetName(s.Name).SetNillableDescription(s.Description).SetNillableStatus(s.Status))
		b.addSpaces(e.String()+".children", &id, s.Children)
	}
}

// addGroups adds the existing groups.
func (b *draft) addGroups(ctx context.Context, ids []uuid.UUID) error {
	known, err := knownGroups(ctx, b.tx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if e := (Entry{"input.cloudUserGroupIds", i}); !known[id] {
			b.faults.AddAt(e, "cloudUserGroupIds", e.String(), fault.Missing("cloudusergroup", id))
		}
	}
	b.groups = slices.DeleteFunc(Distinct(ids), func(id uuid.UUID) bool { return !known[id] })
	return nil
}

// knownGroups returns which of the groups exist.
func knownGroups(ctx context.Context, tx *ent.Client, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	known := map[uuid.UUID]bool{}
	if len(ids) == 0 {
		return known, nil
	}
	found, err := tx.CloudUserGroup.Query().Where(cloudusergroup.IDIn(Distinct(ids)...)).IDs(ctx)
	for _, id := range found {
		known[id] = true
	}
	return known, err
}
