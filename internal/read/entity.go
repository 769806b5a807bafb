package read

import (
	"entgo.io/ent/dialect/sql"

	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/ent/rule"
	"cloudapi/internal/viewer"
)

// form is how a column becomes JSON.
type form int

const (
	plain form = iota
	moment
)

// entity is a type of schema.graphqls as the fast path knows it.
type entity struct {
	name    string
	table   string
	columns map[string]column
	edges   map[string]edge
	lists   map[string]capacityunit.Kind // the plain lists of capacity
	balance string                       // the field with the balance of capacity, "" for none
	// visible narrows a statement to what a viewer may see.
	visible func(*viewer.Viewer, *sql.Selector)
}

// column is a field of an entity.
type column struct {
	name string
	form form
}

// edge is a connection from an entity to another.
type edge struct {
	to string
	// fk is the column in the other table, or, with a link table between, both
	// of its columns.
	fk, link, from, target string
}

// entities returns the graph of what is covered, by the names of the types. A
// field that is not here is left to the ordinary path, so that a new one is
// right before it is fast; a test says which those are.
func entities() map[string]*entity {
	return map[string]*entity{
		"Customer":       customerEntity(),
		"CapacityUnit":   unitEntity(),
		"CloudUserGroup": groupEntity(),
		"CloudUser":      userEntity(),
		"Domain":         domainEntity(),
		"CloudSpace":     spaceEntity(),
	}
}

func narrow[P ~func(*sql.Selector)](visible func(*viewer.Viewer) (P, bool)) func(*viewer.Viewer, *sql.Selector) {
	return func(v *viewer.Viewer, s *sql.Selector) {
		if p, ok := visible(v); ok {
			p(s)
		}
	}
}

func customerEntity() *entity {
	return &entity{
		name: "Customer", table: customer.Table,
		columns: map[string]column{
			"id": {customer.FieldID, plain}, "version": {customer.FieldVersion, plain},
			"createdAt": {customer.FieldCreatedAt, moment}, "updatedAt": {customer.FieldUpdatedAt, moment},
			"name": {customer.FieldName, plain}, "description": {customer.FieldDescription, plain},
			"address": {customer.FieldAddress, plain}, "city": {customer.FieldCity, plain},
			"country": {customer.FieldCountry, plain}, "status": {customer.FieldStatus, plain},
			"resourceGroupId":   {customer.FieldResourceGroupID, plain},
			"retentionPolicyId": {customer.FieldRetentionPolicyID, plain},
		},
		edges: map[string]edge{
			"cloudUserGroups": {
				to: "CloudUserGroup", link: customer.CloudUserGroupsTable,
				from: customer.CloudUserGroupsPrimaryKey[0], target: customer.CloudUserGroupsPrimaryKey[1],
			},
			"domains":     {to: "Domain", fk: customer.DomainsColumn},
			"cloudSpaces": {to: "CloudSpace", fk: customer.CloudSpacesColumn},
		},
		lists: map[string]capacityunit.Kind{
			"capacityAvailable": capacityunit.KindAVAILABLE, "capacityConsumed": capacityunit.KindCONSUMED,
		},
		balance: "capacityBalance",
		visible: narrow(rule.Customers),
	}
}

func unitEntity() *entity {
	return &entity{
		name: "CapacityUnit", table: capacityunit.Table,
		columns: map[string]column{
			"id": {capacityunit.FieldID, plain}, "createdAt": {capacityunit.FieldCreatedAt, moment},
			"kind": {capacityunit.FieldKind, plain}, "type": {capacityunit.FieldType, plain},
			"amount": {capacityunit.FieldAmount, plain}, "name": {capacityunit.FieldName, plain},
			"description": {capacityunit.FieldDescription, plain},
		},
		visible: narrow(rule.CapacityUnits),
	}
}

func groupEntity() *entity {
	return &entity{
		name: "CloudUserGroup", table: cloudusergroup.Table,
		columns: map[string]column{
			"id": {cloudusergroup.FieldID, plain}, "createdAt": {cloudusergroup.FieldCreatedAt, moment},
			"name": {cloudusergroup.FieldName, plain}, "description": {cloudusergroup.FieldDescription, plain},
		},
		edges: map[string]edge{
			"users": {
				to: "CloudUser", link: cloudusergroup.UsersTable,
				from: cloudusergroup.UsersPrimaryKey[0], target: cloudusergroup.UsersPrimaryKey[1],
			},
			"customers": {
				to: "Customer", link: cloudusergroup.CustomersTable,
				from: cloudusergroup.CustomersPrimaryKey[1], target: cloudusergroup.CustomersPrimaryKey[0],
			},
		},
		visible: narrow(rule.CloudUserGroups),
	}
}

func userEntity() *entity {
	return &entity{
		name: "CloudUser", table: clouduser.Table,
		columns: map[string]column{
			"id": {clouduser.FieldID, plain}, "createdAt": {clouduser.FieldCreatedAt, moment},
			"login": {clouduser.FieldLogin, plain}, "email": {clouduser.FieldEmail, plain},
			"firstName": {clouduser.FieldFirstName, plain}, "lastName": {clouduser.FieldLastName, plain},
			"role": {clouduser.FieldRole, plain}, "status": {clouduser.FieldStatus, plain},
		},
		edges: map[string]edge{
			"groups": {
				to: "CloudUserGroup", link: clouduser.GroupsTable,
				from: clouduser.GroupsPrimaryKey[1], target: clouduser.GroupsPrimaryKey[0],
			},
		},
		visible: narrow(rule.CloudUsers),
	}
}

func domainEntity() *entity {
	return &entity{
		name: "Domain", table: domain.Table,
		columns: map[string]column{
			"id": {domain.FieldID, plain}, "name": {domain.FieldName, plain},
			"registeredAt": {domain.FieldRegisteredAt, moment}, "portalUsername": {domain.FieldPortalUsername, plain},
		},
		visible: narrow(rule.Domains),
	}
}

func spaceEntity() *entity {
	return &entity{
		name: "CloudSpace", table: cloudspace.Table,
		columns: map[string]column{
			"id": {cloudspace.FieldID, plain}, "createdAt": {cloudspace.FieldCreatedAt, moment},
			"name": {cloudspace.FieldName, plain}, "description": {cloudspace.FieldDescription, plain},
			"status": {cloudspace.FieldStatus, plain},
		},
		edges:   map[string]edge{"children": {to: "CloudSpace", fk: cloudspace.ChildrenColumn}},
		visible: narrow(rule.CloudSpaces),
	}
}
