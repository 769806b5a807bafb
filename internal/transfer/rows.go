package transfer

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/ent/portalaccount"
	"cloudapi/internal/textrule"
)

// table is a table for loading objects. ent's bulk insert does not report which row was rejected, and takes more time than
// everything else.
type table struct {
	name    string
	columns []string
	// rows has values in the order of the columns.
	rows [][]any
	// owned is the column of a table whose rows belong to a row of another table: a replacement deletes all of them first.
	// It is "" for the tables of objects, whose rows a replacement updates.
	owned string
}

// maxInsertRows is how many rows a statement has: few different statements, so that each is prepared once.
const maxInsertRows = 256

// tables returns the tables for objects of one kind, referenced tables first.
func tables(kind Kind, all []Object, now time.Time) []*table {
	switch kind {
	case KindPortalAccount:
		return portalAccountTables(all, now)
	case KindCloudUser:
		return userTables(all, now)
	case KindCloudUserGroup:
		return groupTables(all, now)
	case KindCustomer:
		return customerTables(all, now)
	case KindCloudSpace:
		return spaceTables(all, now)
	}
	return nil
}

func portalAccountTables(all []Object, now time.Time) []*table {
	t := &table{name: portalaccount.Table, columns: []string{
		portalaccount.FieldID, portalaccount.FieldCreatedAt, portalaccount.FieldUsername, portalaccount.FieldPasswordHash,
	}}
	for _, o := range all {
		if a, ok := o.(*PortalAccount); ok {
			a.setDefaults(now)
			t.add(a.GUID, a.CreatedAt, a.Username, a.PasswordHash)
		}
	}
	return []*table{t}
}

func (t *table) add(values ...any) { t.rows = append(t.rows, values) }

func userTables(all []Object, now time.Time) []*table {
	t := &table{name: clouduser.Table, columns: []string{
		clouduser.FieldID, clouduser.FieldVersion, clouduser.FieldCreatedAt, clouduser.FieldLogin, clouduser.FieldLoginFold,
		clouduser.FieldEmail, clouduser.FieldFirstName, clouduser.FieldLastName, clouduser.FieldName, clouduser.FieldDescription,
		clouduser.FieldAddress, clouduser.FieldCity, clouduser.FieldCountry, clouduser.FieldPhoneMobile,
		clouduser.FieldPhoneLandline, clouduser.FieldSystemUser, clouduser.FieldRole, clouduser.FieldStatus,
		clouduser.FieldIssuer, clouduser.FieldSubject, clouduser.FieldRoleStatedAt, clouduser.FieldRoleValidUntil,
		clouduser.FieldPasswordIsWeak, clouduser.FieldPasswordHash, clouduser.FieldNameFold, clouduser.FieldEmailFold,
	}}
	for _, o := range all {
		if u, ok := o.(*CloudUser); ok {
			u.setDefaults(now)
			t.add(u.GUID, u.Version, u.CreatedAt, u.Login, textrule.Fold(u.Login),
				u.Email, u.FirstName, u.LastName, u.Name, u.Description,
				u.Address, u.City, u.Country, u.PhoneMobile,
				u.PhoneLandline, u.SystemUser, u.Role, u.Status,
				optional(u.Issuer), optional(u.Subject), optional(u.RoleStatedAt), optional(u.RoleValidUntil),
				u.PasswordIsWeak, u.PasswordHash, textrule.Fold(u.Name), textrule.Fold(u.Email))
		}
	}
	return []*table{t}
}

func groupTables(all []Object, now time.Time) []*table {
	t := &table{name: cloudusergroup.Table, columns: []string{
		cloudusergroup.FieldID, cloudusergroup.FieldVersion, cloudusergroup.FieldCreatedAt,
		cloudusergroup.FieldName, cloudusergroup.FieldNameFold, cloudusergroup.FieldDescription,
	}}
	users := linkTable(cloudusergroup.UsersTable, cloudusergroup.UsersPrimaryKey)
	groups := linkTable(cloudusergroup.GroupsTable, cloudusergroup.GroupsPrimaryKey)
	for _, o := range all {
		if g, ok := o.(*CloudUserGroup); ok {
			g.setDefaults(now)
			t.add(g.GUID, g.Version, g.CreatedAt, g.Name, textrule.Fold(g.Name), g.Description)
			users.link(g.GUID, g.CloudUsers)
			groups.link(g.GUID, g.CloudUserGroups)
		}
	}
	return []*table{t, users, groups}
}

func linkTable(name string, columns []string) *table {
	return &table{name: name, columns: columns, owned: columns[0]}
}

func (t *table) link(id uuid.UUID, others []uuid.UUID) {
	for _, other := range others {
		t.add(id, other)
	}
}

func customerTables(all []Object, now time.Time) []*table {
	t := &table{name: customer.Table, columns: []string{
		customer.FieldID, customer.FieldVersion, customer.FieldCreatedAt, customer.FieldUpdatedAt, customer.FieldName, customer.FieldNameFold,
		customer.FieldDescription, customer.FieldAddress, customer.FieldCity, customer.FieldCityFold, customer.FieldCountry, customer.FieldStatus,
		customer.FieldResourceGroupID, customer.FieldRetentionPolicyID,
	}}
	units := &table{name: capacityunit.Table, owned: capacityunit.FieldCustomerID, columns: []string{
		capacityunit.FieldID, capacityunit.FieldVersion, capacityunit.FieldCreatedAt, capacityunit.FieldCustomerID,
		capacityunit.FieldKind, capacityunit.FieldType, capacityunit.FieldAmount, capacityunit.FieldName,
		capacityunit.FieldDescription, capacityunit.FieldPlace,
	}}
	domains := &table{name: domain.Table, owned: domain.FieldCustomerID, columns: []string{
		domain.FieldID, domain.FieldCustomerID, domain.FieldName, domain.FieldRegisteredAt, domain.FieldPortalUsername,
	}}
	links := linkTable(customer.CloudUserGroupsTable, customer.CloudUserGroupsPrimaryKey)
	for _, o := range all {
		c, ok := o.(*Customer)
		if !ok {
			continue
		}
		c.setDefaults(now)
		t.add(c.GUID, c.Version, c.CreatedAt, c.UpdatedAt, c.Name, textrule.Fold(c.Name),
			c.Description, c.Address, c.City, textrule.Fold(c.City), c.Country, c.Status, optional(c.ResourceGroupID), optional(c.RetentionPolicyID))
		at := places(c.CapacityUnits)
		for i, u := range c.CapacityUnits {
			units.add(u.GUID, u.Version, u.CreatedAt, c.GUID, u.Kind, u.Type, u.Amount, u.Name, u.Description, at[i])
		}
		for _, d := range c.Domains {
			domains.add(d.GUID, c.GUID, d.Name, d.RegisteredAt, d.PortalUsername)
		}
		links.link(c.GUID, c.CloudUserGroups)
	}
	return []*table{t, units, domains, links}
}

// optional returns a value that may be NULL.
func optional[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

func spaceTables(all []Object, now time.Time) []*table {
	t := &table{name: cloudspace.Table, columns: []string{
		cloudspace.FieldID, cloudspace.FieldVersion, cloudspace.FieldCreatedAt, cloudspace.FieldCustomerID, cloudspace.FieldParentID,
		cloudspace.FieldName, cloudspace.FieldNameFold, cloudspace.FieldDescription, cloudspace.FieldStatus,
	}}
	for _, o := range all {
		if s, ok := o.(*CloudSpace); ok {
			s.setDefaults(now)
			t.add(s.GUID, s.Version, s.CreatedAt, s.CustomerID, optional(s.ParentID), s.Name, textrule.Fold(s.Name), s.Description, s.Status)
		}
	}
	return []*table{t}
}

// clear deletes the rows that belong to the replaced objects.
func (t *table) clear(ctx context.Context, tx *ent.Client, dialect string, ids []any) error {
	if t.owned == "" || len(ids) == 0 {
		return nil
	}
	query, args := sql.Dialect(dialect).Delete(t.name).Where(sql.In(t.owned, ids...)).Query()
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// insert writes the rows. With replace, it overwrites the rows of existing objects.
func (t *table) insert(ctx context.Context, tx *ent.Client, dialect string, replace bool) error {
	size := maxInsertRows
	for rows := t.rows; len(rows) > 0; {
		for size > len(rows) {
			size /= 2
		}
		in := sql.Dialect(dialect).Insert(t.name).Columns(t.columns...)
		for _, row := range rows[:size] {
			in.Values(row...)
		}
		if replace && t.owned == "" {
			in.OnConflict(sql.ConflictColumns(t.columns[0]), sql.ResolveWithNewValues())
		}
		query, args := in.Query()
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		rows = rows[size:]
	}
	return nil
}
