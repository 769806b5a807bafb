package customer

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/internal/document"
	"cloudapi/internal/domainname"
	"cloudapi/internal/fault"
)

// DomainByName returns the domain with a name in any form.
func DomainByName(ctx context.Context, client *ent.Client, name string) (*ent.Domain, error) {
	canonical, err := domainname.Canonical(name)
	if err != nil {
		return nil, err
	}
	query, err := client.Domain.Query().CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	d, err := query.Where(domain.Name(canonical)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "domain %s not found.", canonical)
	}
	return d, err
}

// Statuses returns the statuses of a customer, in the order of the documented API.
func Statuses() []customer.Status {
	return document.Enum[customer.Status](document.Statuses())
}
