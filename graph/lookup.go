package graph

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/ent/job"
	"cloudapi/ent/portalaccount"
	"cloudapi/ent/predicate"
	"cloudapi/ent/rule"
	"cloudapi/internal/document"
	"cloudapi/internal/fault"
	jobs "cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// singleQuery is a query that returns at most one row, with the selected fields.
type singleQuery[Q, E any] interface {
	CollectFields(ctx context.Context, satisfies ...string) (Q, error)
	Only(ctx context.Context) (*E, error)
}

// find returns the row with that guid, or a NOT_FOUND fault that names kind.
func find[Q singleQuery[Q, E], E any](ctx context.Context, kind string, id uuid.UUID, query Q) (*E, error) {
	query, err := query.CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	found, err := query.Only(ctx)
	return found, ent.Missing(err, kind, id)
}

// maxNodes is the maximum number of ids of one `nodes` field.
const maxNodes = 100

// nodes returns the objects with the given guids, with one statement for their types and those of each type. A guid that is not
// found gets its own error.
func (r *Resolver) nodes(ctx context.Context, ids []uuid.UUID) ([]ent.Noder, error) {
	if len(ids) > maxNodes {
		return nil, fault.New(fault.Invalid, "ids has %d guids; at most %d are allowed", len(ids), maxNodes).On("ids")
	}
	byTable, err := r.tablesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]ent.Noder{}
	for _, table := range slices.Sorted(maps.Keys(byTable)) {
		nodes, err := r.Client.NodesOf(ctx, table, byTable[table])
		if err != nil {
			return nil, err
		}
		for i, id := range byTable[table] {
			byID[id] = nodes[i]
		}
	}
	found := make([]ent.Noder, len(ids))
	for i, id := range ids {
		if found[i] = byID[id]; found[i] == nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i)), fault.Missing("node", id))
		}
	}
	return found, nil
}

// node returns the object with the given guid, of any type.
func (r *Resolver) node(ctx context.Context, id uuid.UUID) (ent.Noder, error) {
	node, err := r.Client.Noder(ctx, id, ent.WithNodeType(r.nodeType))
	return node, ent.Missing(err, "node", id)
}

// nodeType returns the table that has a guid.
func (r *Resolver) nodeType(ctx context.Context, id uuid.UUID) (string, error) {
	byTable, err := r.tablesOf(ctx, []uuid.UUID{id})
	for table := range byTable {
		return table, nil
	}
	return "", cmp.Or(err, error(fault.Missing("node", id)))
}

// tablesOf returns the guids by their tables, in one statement over all tables. Unknown guids are omitted.
func (r *Resolver) tablesOf(ctx context.Context, ids []uuid.UUID) (map[string][]uuid.UUID, error) {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = id
	}
	build := sql.Dialect(r.Dialect)
	var query *sql.Selector
	for _, t := range []string{
		customer.Table, capacityunit.Table, cloudusergroup.Table, clouduser.Table,
		accesstoken.Table, domain.Table, cloudspace.Table, portalaccount.Table, job.Table,
	} {
		table := build.Table(t)
		s := build.SelectExpr(sql.Raw("'"+t+"'"), sql.Raw(table.C("id"))).From(table).Where(sql.In(table.C("id"), values...))
		if query == nil {
			query = s
			continue
		}
		query = query.UnionAll(s)
	}
	text, args := query.Query()
	rows, err := r.Client.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := map[string][]uuid.UUID{}
	for rows.Next() {
		var table string
		var id uuid.UUID
		if err := rows.Scan(&table, &id); err != nil {
			return nil, err
		}
		found[table] = append(found[table], id)
	}
	return found, rows.Err()
}

// me returns the caller, nil for the server itself.
func (r *Resolver) me(ctx context.Context) (*ent.CloudUser, error) {
	v := viewer.FromContext(ctx)
	if v == nil || v.ID == uuid.Nil {
		return nil, nil
	}
	return find(ctx, "clouduser", v.ID, r.Client.CloudUser.Query().Where(clouduser.ID(v.ID)))
}

// addFoldedCondition adds the condition that a case-folded column is like a part of a text. The part is folded, so that both databases
// give the same result.
func addFoldedCondition[W interface{ AddPredicates(...P) }, P any](where W, part *string, condition func(string) P) error {
	if part != nil {
		where.AddPredicates(condition(textrule.Fold(*part)))
	}
	return nil
}

// visibleGroups is the condition on the groups that a filter may use.
func visibleGroups(ctx context.Context) []predicate.CloudUserGroup {
	if p, ok := rule.CloudUserGroups(viewer.FromContext(ctx)); ok {
		return []predicate.CloudUserGroup{p}
	}
	return nil
}

func hasGroups(ctx context.Context, where *ent.CustomerWhereInput, has *bool) error {
	if has == nil {
		return nil
	}
	p := customer.HasCloudUserGroupsWith(visibleGroups(ctx)...)
	if !*has {
		p = customer.Not(p)
	}
	where.AddPredicates(p)
	return nil
}

func hasGroupsWith(ctx context.Context, where *ent.CustomerWhereInput, with []*ent.CloudUserGroupWhereInput) error {
	if with == nil {
		return nil
	}
	all := visibleGroups(ctx)
	for _, w := range with {
		all = append(all, w.P())
	}
	where.AddPredicates(customer.HasCloudUserGroupsWith(all...))
	return nil
}

// linkedTo selects the groups that are linked to a customer.
func linkedTo(ctx context.Context, where *ent.CloudUserGroupWhereInput, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	linked := []predicate.Customer{customer.ID(*id)}
	if p, ok := rule.Customers(viewer.FromContext(ctx)); ok {
		linked = append(linked, p)
	}
	where.AddPredicates(cloudusergroup.HasCustomersWith(linked...))
	return nil
}

// namedBy selects jobs by the old API's name of an action.
func namedBy(where *ent.JobWhereInput, name *string) error {
	if name != nil {
		where.AddPredicates(jobs.NamedBy(*name))
	}
	return nil
}

// xmlSchema returns the XSD of a type.
func xmlSchema(of model.SerializedType) string {
	switch of {
	case model.SerializedTypeCloudUser:
		return document.XMLSchema[document.CloudUser]()
	case model.SerializedTypeCloudUserGroup:
		return document.XMLSchema[document.CloudUserGroup]()
	case model.SerializedTypeCloudSpace:
		return document.XMLSchema[document.CloudSpace]()
	case model.SerializedTypeJob:
		return document.XMLSchema[document.Job]()
	default:
		return document.XMLSchema[document.Customer]()
	}
}
