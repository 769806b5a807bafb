package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/domain"
	"cloudapi/internal/budget"
	"cloudapi/internal/document"
	"cloudapi/internal/model"
)

// Serialized returns the whole customer in a format of the old API.
func Serialized(ctx context.Context, c *ent.Customer, format model.SerializationFormat) (string, error) {
	doc, err := Document(ctx, c)
	if err != nil {
		return "", err
	}
	return document.Write(doc, string(format))
}

// SerializedSpace returns a cloud space in a format of the old API.
func SerializedSpace(s *ent.CloudSpace, format model.SerializationFormat) (string, error) {
	return document.Write(document.CloudSpace{
		GUID: s.ID, Version: s.Version, CreatedAt: s.CreatedAt, Name: s.Name, Description: s.Description,
		Status: string(s.Status), ParentID: s.ParentID, CustomerID: s.CustomerID,
	}, string(format))
}

// unitMemory is the memory of a unit while a document is written, in bytes.
const unitMemory = 2 << 10

// Document reads everything that the serialized forms have of a customer. It reads the customer again, because a query may
// have selected only a part.
func Document(ctx context.Context, c *ent.Customer) (document.Customer, error) {
	units, err := c.QueryCapacityUnits().Order(capacityunit.ByPlace(), capacityunit.ByID()).All(ctx)
	if err != nil {
		return document.Customer{}, err
	}
	// The document and its writers hold each unit several times.
	if err := budget.From(ctx).Draw(0, 0, len(units)*unitMemory); err != nil {
		return document.Customer{}, err
	}
	groups, err := c.QueryCloudUserGroups().Order(cloudusergroup.ByID()).IDs(ctx)
	if err != nil {
		return document.Customer{}, err
	}
	domains, err := c.QueryDomains().Order(domain.ByName()).Select(domain.FieldName).Strings(ctx)
	if err != nil {
		return document.Customer{}, err
	}
	return NewDocument(c, units, groups, domains), nil
}

// NewDocument assembles the parts of a customer.
func NewDocument(c *ent.Customer, units []*ent.CapacityUnit, groups []uuid.UUID, domains []string) document.Customer {
	doc := document.Customer{
		GUID: c.ID, Version: c.Version, CreatedAt: c.CreatedAt,
		Name: c.Name, Description: c.Description, Address: c.Address, City: c.City, Country: c.Country,
		Status: string(c.Status), ResourceGroupID: c.ResourceGroupID, RetentionPolicyID: c.RetentionPolicyID,
		CloudUserGroups: groups, Domains: domains,
	}
	for _, u := range units {
		unit := document.Unit{
			GUID: u.ID, Version: u.Version, Amount: u.Amount, Type: string(u.Type),
			Name: u.Name, Description: u.Description,
		}
		if u.Kind == capacityunit.KindCONSUMED {
			doc.CapacityConsumed = append(doc.CapacityConsumed, unit)
		} else {
			doc.CapacityAvailable = append(doc.CapacityAvailable, unit)
		}
	}
	return doc
}
