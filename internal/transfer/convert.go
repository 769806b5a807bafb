package transfer

import (
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/document"
)

// Conversions from the forms of the old API. Their times are to the minute.

func fromUser(u document.CloudUser) Object {
	return &CloudUser{
		Head:  Head{GUID: u.GUID, Version: u.Version, CreatedAt: u.CreatedAt, Coarse: true},
		Login: u.Login, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Name: u.Name,
		Description: u.Description, Address: u.Address, City: u.City, Country: u.Country,
		PhoneMobile: u.PhoneMobile, PhoneLandline: u.PhoneLandline, SystemUser: u.System,
		Status: u.Status, password: u.Password,
	}
}

func fromGroup(g document.CloudUserGroup) Object {
	return &CloudUserGroup{
		Head: Head{GUID: g.GUID, Version: g.Version, CreatedAt: g.CreatedAt, Coarse: true},
		Name: g.Name, Description: g.Description, CloudUsers: g.CloudUsers, CloudUserGroups: g.CloudUserGroups,
	}
}

func fromCustomer(c document.Customer) Object {
	o := &Customer{
		Head: Head{GUID: c.GUID, Version: c.Version, CreatedAt: c.CreatedAt, Coarse: true},
		Name: c.Name, Description: c.Description, Address: c.Address, City: c.City, Country: c.Country,
		Status: c.Status, ResourceGroupID: c.ResourceGroupID, RetentionPolicyID: c.RetentionPolicyID,
		CloudUserGroups: c.CloudUserGroups,
	}
	o.add(capacityunit.KindAVAILABLE, c.CapacityAvailable)
	o.add(capacityunit.KindCONSUMED, c.CapacityConsumed)
	for _, name := range c.Domains {
		o.Domains = append(o.Domains, Domain{Name: name})
	}
	if c.SSODomain != "" {
		o.Domains = append(o.Domains, Domain{Name: c.SSODomain, PortalUsername: c.SSOUsername})
	}
	return o
}

func (c *Customer) add(kind capacityunit.Kind, units []document.Unit) {
	for _, u := range units {
		c.CapacityUnits = append(c.CapacityUnits, CapacityUnit{
			Head: Head{GUID: u.GUID, Version: u.Version}, Kind: string(kind),
			Type: u.Type, Amount: u.Amount, Name: u.Name, Description: u.Description,
		})
	}
}

func fromSpace(s document.CloudSpace) Object {
	return &CloudSpace{
		Head:       Head{GUID: s.GUID, Version: s.Version, CreatedAt: s.CreatedAt, Coarse: true},
		CustomerID: s.CustomerID, ParentID: s.ParentID, Name: s.Name, Description: s.Description, Status: s.Status,
	}
}

// form is one of the forms of the old API.
type form string

const (
	formThrift form = document.FormThrift
	formYAML   form = document.FormYAML
	formXML    form = document.FormXML
)

// parseForm parses an object of a kind.
func parseForm(kind Kind, f form, text string) (Object, error) {
	switch kind {
	case KindCloudUser:
		return parse(f, text, document.ReadThrift[document.CloudUser], document.ReadYAML[document.CloudUser], document.ReadXML[document.CloudUser], fromUser)
	case KindCloudUserGroup:
		return parse(f, text, document.ReadThrift[document.CloudUserGroup], document.ReadYAML[document.CloudUserGroup], document.ReadXML[document.CloudUserGroup], fromGroup)
	case KindCustomer:
		return parse(f, text, document.ReadThrift[document.Customer], document.ReadYAML[document.Customer], document.ReadXML[document.Customer], fromCustomer)
	case KindCloudSpace:
		return parse(f, text, document.ReadThrift[document.CloudSpace], document.ReadYAML[document.CloudSpace], document.ReadXML[document.CloudSpace], fromSpace)
	}
	return nil, errKind
}
