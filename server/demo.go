package main

import (
	"context"
	"fmt"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// The accounts of the demo besides the administrator's.
const (
	demoMember  = "member"
	demoPortal  = "portal"
	portalGiven = "portal-demo"
)

// fillDemo creates demo data in an empty database through the public verbs, so that it has jobs too.
func fillDemo(ctx context.Context, a *api.API) error {
	ctx = viewer.SystemContext(ctx)
	there, err := a.Client.Customer.Query().Exist(ctx)
	if err != nil || there {
		return err
	}
	group, err := demoPeople(ctx, a)
	if err != nil {
		return err
	}
	cities := []string{"Ghent", "Bombai", "Antwerp", "Lochristi", "Zürich"}
	names := []string{"Customer1", "Ümlaut Hosting", "Cumulus", "Stratus Systems", "Nimbus Labs", "Cirrus & Sons"}
	for i, name := range names {
		description, city, country := "Demo customer "+name, cities[i%len(cities)], "Belgium"
		made, err := a.Customers.Create(ctx, model.CreateCustomerInput{
			Name: name, Description: &description, City: &city, Country: &country,
		})
		if err != nil {
			return err
		}
		if err := demoCustomer(ctx, a, made, group, i); err != nil {
			return err
		}
	}
	return nil
}

func demoPeople(ctx context.Context, a *api.API) (*model.CreateCloudUserGroupPayload, error) {
	user, err := a.Identity.CreateUser(ctx, model.CreateCloudUserInput{Login: demoMember, Password: secret.New(demoPassword)})
	if err != nil {
		return nil, err
	}
	_, err = a.Identity.CreatePortalAccount(ctx, model.CreatePortalAccountInput{Username: demoPortal, Password: secret.New(portalGiven)})
	if err != nil {
		return nil, err
	}
	about := "They read some of the customers"
	group, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: "Readers", Description: &about})
	if err != nil {
		return nil, err
	}
	_, err = a.Identity.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: group.CloudUserGroup.ID, CloudUserID: user.CloudUser.ID})
	return group, err
}

func demoCustomer(ctx context.Context, a *api.API, made *model.CreateCustomerPayload, group *model.CreateCloudUserGroupPayload, i int) error {
	id := made.Customer.ID
	cpu, about := "CPU", "CPU units"
	_, err := a.Capacity.AddAvailable(ctx, model.AddCapacityAvailableInput{
		CustomerID: id, Amount: int64(1000 * (i + 1)), Type: capacityunit.TypeCU, Name: &cpu, Description: &about,
	})
	if err != nil {
		return err
	}
	_, err = a.Capacity.AddConsumed(ctx, model.AddCapacityConsumedInput{CustomerID: id, Amount: int64(300 * (i + 1)), Type: capacityunit.TypeCU})
	if err != nil {
		return err
	}
	_, err = a.Customers.CreateSpace(ctx, model.CreateCloudSpaceInput{CustomerID: id, Name: "Default"})
	if err != nil {
		return err
	}
	if i%2 == 0 {
		_, err = a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: id, CloudUserGroupID: group.CloudUserGroup.ID})
		if err != nil {
			return err
		}
	}
	_, err = a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
		CustomerID: id, Username: demoPortal, Password: secret.New(portalGiven), Domain: fmt.Sprintf("customer%d.example", i+1),
	})
	return err
}
