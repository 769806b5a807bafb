package transfer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
)

// readStored returns the objects of a kind with the given guids.
func readStored(ctx context.Context, client *ent.Client, kind Kind, ids []uuid.UUID) (map[uuid.UUID]Object, error) {
	found := make(map[uuid.UUID]Object, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	all, err := selection{ids: ids}.read(ctx, client, kind)
	for _, o := range all {
		found[o.head().GUID] = o
	}
	return found, err
}

// selection selects the objects to read: those with the guids, or some after a guid.
type selection struct {
	ids   []uuid.UUID
	after uuid.UUID
	limit int
}

// rows is the predicate of the selection, which also orders and limits the rows.
func (s selection) rows(t *sql.Selector) {
	const id = customer.FieldID // as in every table
	if s.ids != nil {
		sql.FieldIn(id, s.ids...)(t)
	} else {
		sql.FieldGT(id, s.after)(t)
		t.Limit(s.limit)
	}
	t.OrderBy(t.C(id))
}

// read returns objects in the order of their guids.
func (s selection) read(ctx context.Context, client *ent.Client, kind Kind) ([]Object, error) {
	switch kind {
	case KindPortalAccount:
		return s.portalAccounts(ctx, client)
	case KindCloudUser:
		return s.users(ctx, client)
	case KindCloudUserGroup:
		return s.groups(ctx, client)
	case KindCustomer:
		return s.customers(ctx, client)
	case KindCloudSpace:
		return s.spaces(ctx, client)
	}
	return nil, nil
}

func (s selection) portalAccounts(ctx context.Context, client *ent.Client) ([]Object, error) {
	rows, err := client.PortalAccount.Query().Where(s.rows).All(ctx)
	return objects(rows, err, func(a *ent.PortalAccount) Object {
		return &PortalAccount{
			Head: Head{GUID: a.ID, CreatedAt: utc(a.CreatedAt)}, Username: a.Username, PasswordHash: a.PasswordHash,
		}
	})
}

func (s selection) users(ctx context.Context, client *ent.Client) ([]Object, error) {
	rows, err := client.CloudUser.Query().Where(s.rows).All(ctx)
	return objects(rows, err, func(u *ent.CloudUser) Object {
		return &CloudUser{
			Head:  head(u.ID, u.Version, u.CreatedAt),
			Login: u.Login, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Name: u.Name,
			Description: u.Description, Address: u.Address, City: u.City, Country: u.Country,
			PhoneMobile: u.PhoneMobile, PhoneLandline: u.PhoneLandline, SystemUser: u.SystemUser,
			Role: string(u.Role), Status: string(u.Status),
			Issuer: u.Issuer, Subject: u.Subject, RoleStatedAt: utcOf(u.RoleStatedAt), RoleValidUntil: utcOf(u.RoleValidUntil),
			PasswordIsWeak: u.PasswordIsWeak, PasswordHash: u.PasswordHash,
		}
	})
}

func (s selection) groups(ctx context.Context, client *ent.Client) ([]Object, error) {
	q := client.CloudUserGroup.Query().
		WithUsers(func(q *ent.CloudUserQuery) { q.Select(clouduser.FieldID) }).
		WithGroups(func(q *ent.CloudUserGroupQuery) { q.Select(cloudusergroup.FieldID) })
	rows, err := q.Where(s.rows).All(ctx)
	return objects(rows, err, func(g *ent.CloudUserGroup) Object {
		o := &CloudUserGroup{Head: head(g.ID, g.Version, g.CreatedAt), Name: g.Name, Description: g.Description}
		for _, u := range g.Edges.Users {
			o.CloudUsers = append(o.CloudUsers, u.ID)
		}
		o.CloudUserGroups = groupIDs(g.Edges.Groups)
		o.CloudUsers = sortIDs(o.CloudUsers)
		return o
	})
}

func groupIDs(groups []*ent.CloudUserGroup) []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(groups))
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return sortIDs(ids)
}

func (s selection) customers(ctx context.Context, client *ent.Client) ([]Object, error) {
	q := client.Customer.Query().WithCapacityUnits().WithDomains().
		WithCloudUserGroups(func(q *ent.CloudUserGroupQuery) { q.Select(cloudusergroup.FieldID) })
	rows, err := q.Where(s.rows).All(ctx)
	return objects(rows, err, func(c *ent.Customer) Object {
		o := &Customer{
			Head: head(c.ID, c.Version, c.CreatedAt), UpdatedAt: utc(c.UpdatedAt),
			Name: c.Name, Description: c.Description, Address: c.Address, City: c.City, Country: c.Country,
			Status: string(c.Status), ResourceGroupID: c.ResourceGroupID, RetentionPolicyID: c.RetentionPolicyID,
			CapacityUnits: units(c.Edges.CapacityUnits), CloudUserGroups: groupIDs(c.Edges.CloudUserGroups),
			Domains: []Domain{},
		}
		for _, d := range c.Edges.Domains {
			o.Domains = append(o.Domains, Domain{
				GUID: d.ID, Name: d.Name, RegisteredAt: utc(d.RegisteredAt), PortalUsername: d.PortalUsername,
			})
		}
		slices.SortFunc(o.Domains, func(a, b Domain) int { return cmp.Compare(a.Name, b.Name) })
		return o
	})
}

func units(rows []*ent.CapacityUnit) []CapacityUnit {
	slices.SortFunc(rows, func(a, b *ent.CapacityUnit) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Place, b.Place), slices.Compare(a.ID[:], b.ID[:]))
	})
	all := make([]CapacityUnit, 0, len(rows))
	for _, u := range rows {
		all = append(all, CapacityUnit{
			Head: head(u.ID, u.Version, u.CreatedAt),
			Kind: string(u.Kind), Type: string(u.Type), Amount: u.Amount, Name: u.Name, Description: u.Description,
		})
	}
	return all
}

// places returns the places that keep a customer's units in their order: 0 for units whose guids are in the order in which
// this program creates them, so that a unit that is added later always comes last.
func places(all []CapacityUnit) []int {
	ours := func(id uuid.UUID) bool { return id.Version() == 7 }
	inOrder := map[string]bool{}
	last := map[string]uuid.UUID{}
	for _, kind := range capacityKinds() {
		inOrder[kind] = true
	}
	for _, u := range all {
		previous := last[u.Kind]
		if !ours(u.GUID) || slices.Compare(previous[:], u.GUID[:]) >= 0 {
			inOrder[u.Kind] = false
		}
		last[u.Kind] = u.GUID
	}
	found := make([]int, len(all))
	for i, u := range all {
		if !inOrder[u.Kind] {
			found[i] = i - len(all)
		}
	}
	return found
}

func capacityKinds() []string {
	return []string{string(capacityunit.KindAVAILABLE), string(capacityunit.KindCONSUMED)}
}

func (s selection) spaces(ctx context.Context, client *ent.Client) ([]Object, error) {
	rows, err := client.CloudSpace.Query().Where(s.rows).All(ctx)
	return objects(rows, err, func(p *ent.CloudSpace) Object {
		return &CloudSpace{
			Head: head(p.ID, p.Version, p.CreatedAt), CustomerID: p.CustomerID, ParentID: p.ParentID,
			Name: p.Name, Description: p.Description, Status: string(p.Status),
		}
	})
}

func head(id, version uuid.UUID, createdAt time.Time) Head {
	return Head{GUID: id, Version: version, CreatedAt: utc(createdAt)}
}

func objects[R any](rows []*R, err error, make func(*R) Object) ([]Object, error) {
	all := []Object{}
	for _, row := range rows {
		all = append(all, make(row))
	}
	return all, err
}

// existing returns which guids of a kind exist in the database.
func existing(ctx context.Context, client *ent.Client, kind Kind, ids []uuid.UUID) (found []uuid.UUID, err error) {
	switch kind {
	case KindCloudUser:
		return client.CloudUser.Query().Where(clouduser.IDIn(ids...)).IDs(ctx)
	case KindCloudUserGroup:
		return client.CloudUserGroup.Query().Where(cloudusergroup.IDIn(ids...)).IDs(ctx)
	case KindCustomer:
		return client.Customer.Query().Where(customer.IDIn(ids...)).IDs(ctx)
	case KindCloudSpace:
		return client.CloudSpace.Query().Where(cloudspace.IDIn(ids...)).IDs(ctx)
	}
	return nil, nil
}

// count counts the objects of a kind.
func count(ctx context.Context, client *ent.Client, kind Kind) (int, error) {
	switch kind {
	case KindPortalAccount:
		return client.PortalAccount.Query().Count(ctx)
	case KindCloudUser:
		return client.CloudUser.Query().Count(ctx)
	case KindCloudUserGroup:
		return client.CloudUserGroup.Query().Count(ctx)
	case KindCustomer:
		return client.Customer.Query().Count(ctx)
	case KindCloudSpace:
		return client.CloudSpace.Query().Count(ctx)
	}
	return 0, nil
}
