package document

import (
	"slices"

	"github.com/google/uuid"
)

// The tables of the objects, with the ids of CONTRACT.md, 3 and OLD-FAMILY.md, 2. Readers skip fields of the old server that
// are not listed here.

func root(guid, version *uuid.UUID, created any) []field {
	return []field{
		{id: 1, name: "guid", at: guid, always: true},
		{id: 2, name: "version", at: version, always: true},
		{id: 3, name: "creationdate", at: created, layout: toMinute, always: true, typ: "creationdate"},
	}
}

func (c *Customer) table() table {
	return table{"customer", append(root(&c.GUID, &c.Version, &c.CreatedAt),
		field{id: 11, name: "name", at: &c.Name, always: true},
		field{id: 12, name: "description", at: &c.Description},
		field{id: 13, name: "address", at: &c.Address},
		field{id: 14, name: "city", at: &c.City},
		field{id: 15, name: "country", at: &c.Country},
		field{id: 16, name: "status", at: &c.Status, always: true, typ: "customerstatustype", values: Statuses()},
		field{id: 17, name: "capacityunitsavailable", at: &c.CapacityAvailable},
		field{id: 18, name: "capacityunitsconsumed", at: &c.CapacityConsumed},
		field{id: 19, name: "resourcegroupguid", at: &c.ResourceGroupID},
		field{id: 20, name: "cloudusergroups", at: &c.CloudUserGroups, item: "guid"},
		field{id: 22, name: "ssodomainname", at: &c.SSODomain, readOnly: true},
		field{id: 23, name: "ssousername", at: &c.SSOUsername, readOnly: true},
		field{id: 26, name: "retentionpolicyguid", at: &c.RetentionPolicyID},
		field{id: 40, name: "domains", at: &c.Domains, item: "domain", sparse: true},
	)}
}

func (u *Unit) table() table {
	return table{"capacityunit", []field{
		{id: 1, name: "guid", at: &u.GUID, always: true},
		{id: 2, name: "version", at: &u.Version, thriftOnly: true},
		{id: 11, name: "amount", at: &u.Amount, always: true, typ: "amount"},
		{id: 12, name: "capacityunittype", at: &u.Type, always: true, typ: "capacityunittype", values: UnitTypes()},
		{id: 13, name: "name", at: &u.Name},
		{id: 14, name: "description", at: &u.Description},
	}}
}

func (u *CloudUser) table() table {
	return table{"clouduser", append(root(&u.GUID, &u.Version, &u.CreatedAt),
		field{id: 11, name: "name", at: &u.Name},
		field{id: 12, name: "firstname", at: &u.FirstName},
		field{id: 13, name: "lastname", at: &u.LastName},
		field{id: 14, name: "description", at: &u.Description},
		field{id: 15, name: "login", at: &u.Login, always: true},
		field{id: 16, name: "password", at: &u.Password, readOnly: true},
		field{id: 17, name: "address", at: &u.Address},
		field{id: 18, name: "city", at: &u.City},
		field{id: 19, name: "country", at: &u.Country},
		field{id: 20, name: "status", at: &u.Status, always: true, typ: "clouduserstatustype", values: CloudUserStatuses()},
		field{id: 24, name: "email", at: &u.Email},
		field{id: 25, name: "phonemobile", at: &u.PhoneMobile},
		field{id: 26, name: "phonelandline", at: &u.PhoneLandline},
		field{id: 27, name: "system", at: &u.System},
	)}
}

func (g *CloudUserGroup) table() table {
	return table{"cloudusergroup", append(root(&g.GUID, &g.Version, &g.CreatedAt),
		field{id: 11, name: "name", at: &g.Name},
		field{id: 12, name: "description", at: &g.Description},
		field{id: 13, name: "cloudusers", at: &g.CloudUsers, item: "guid"},
		field{id: 14, name: "cloudusergroups", at: &g.CloudUserGroups, item: "guid"},
		field{id: 15, name: "system", at: &g.System},
	)}
}

func (s *CloudSpace) table() table {
	return table{"cloudspace", append(root(&s.GUID, &s.Version, &s.CreatedAt),
		field{id: 11, name: "name", at: &s.Name, always: true},
		field{id: 12, name: "description", at: &s.Description},
		field{id: 13, name: "status", at: &s.Status, always: true, typ: "cloudspacestatustype", values: CloudSpaceStatuses()},
		field{id: 14, name: "parentcloudspaceguid", at: &s.ParentID},
		field{id: 15, name: "customerguid", at: &s.CustomerID, always: true},
		field{id: 16, name: "system", at: &s.System},
	)}
}

func (j *Job) table() table {
	fields := root(&j.GUID, &j.Version, &j.CreatedAt)
	// A job of this program has no version (docs/rest.md).
	fields[1].always = false
	return table{"job", append(fields,
		field{id: 11, name: "name", at: &j.Name},
		field{id: 12, name: "description", at: &j.Description},
		field{id: 13, name: "actionName", at: &j.ActionName, always: true},
		field{id: 14, name: "userErrormsg", at: &j.UserErrorMessage},
		field{id: 15, name: "internalErrormsg", at: &j.InternalErrorMessage},
		field{id: 16, name: "maxduration", at: &j.MaxDuration},
		field{id: 17, name: "parentjobguid", at: &j.ParentID},
		field{id: 18, name: "jobstatus", at: &j.Status, always: true},
		field{id: 19, name: "starttime", at: &j.StartedAt, layout: toSecond, typ: "time"},
		field{id: 20, name: "endtime", at: &j.EndedAt, layout: toSecond, typ: "time"},
		field{id: 21, name: "clouduserguid", at: &j.CloudUserID},
		field{id: 23, name: "order", at: &j.Order},
		field{id: 24, name: "log", at: &j.Log},
		field{id: 25, name: "rootobjecttype", at: &j.RootObjectType},
		field{id: 26, name: "rootobjectguid", at: &j.RootObjectID},
		field{id: 27, name: "params", at: &j.Parameters},
		field{id: 28, name: "system", at: &j.System},
	)}
}

// check rejects values that the XSD cannot represent: a status or unit type outside its enumeration, an amount out of range,
// a year without four digits.
func (t table) check() error {
	for _, f := range t.fields {
		if err := f.check(); err != nil {
			return err
		}
		if units := f.units(); units != nil {
			for i := range *units {
				if err := (*units)[i].table().check(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (f field) inEnumeration() bool {
	return f.values == nil || slices.Contains(f.values, f.text())
}
