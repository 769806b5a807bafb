package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"cloudapi/internal/job"
)

// tableOf has the tables of the types in lists.
var tableOf = map[string]string{
	"Customer": "customers", "CloudUserGroup": "cloud_user_groups", "CloudUser": "cloud_users", "Domain": "domains",
	"CloudSpace": "cloud_spaces", "Job": "jobs", "AccessToken": "access_tokens", "PortalAccount": "portal_accounts",
}

// below has the lists of an object: the column of their rows that refers to the object, or a link table with its two
// columns.
var below = map[string][]string{
	"Customer.cloudUserGroups": {"customer_cloud_user_groups", "customer_id", "cloud_user_group_id"},
	"CloudUserGroup.customers": {"customer_cloud_user_groups", "cloud_user_group_id", "customer_id"},
	"CloudUserGroup.users":     {"cloud_user_group_users", "cloud_user_group_id", "cloud_user_id"},
	"CloudUserGroup.groups":    {"cloud_user_group_groups", "cloud_user_group_id", "member_id"},
	"CloudUserGroup.memberOf":  {"cloud_user_group_groups", "member_id", "cloud_user_group_id"},
	"CloudUser.groups":         {"cloud_user_group_users", "cloud_user_id", "cloud_user_group_id"},
	"Customer.domains":         {"customer_id"},
	"Customer.cloudSpaces":     {"customer_id"},
	"Customer.jobs":            {"customer_id"},
	"CloudUser.accessTokens":   {"user_id"},
	"CloudSpace.children":      {"parent_id"},
	"Job.children":             {"parent_id"},
}

// model computes lists in plain Go.
type model struct {
	t testing.TB
	w *world
}

// list is a field with a list of rows of a type, of an object of the type parent or of Query.
type list struct{ parent, field, of string }

func (l list) String() string { return l.parent + "." + l.field }

// lists returns all lists of the schema. It panics if the model lacks one.
func (m *model) lists() []list {
	var all []list
	for _, typ := range m.w.schema.Types {
		if typ.Kind != ast.Object {
			continue
		}
		for _, f := range typ.Fields {
			if of, ok := strings.CutSuffix(f.Type.Name(), "Connection"); ok {
				l := list{typ.Name, f.Name, of}
				if tableOf[of] == "" || l.parent != "Query" && below[l.String()] == nil {
					m.t.Fatalf("the model does not know the list %s of %s", l, of)
				}
				all = append(all, l)
			}
		}
	}
	slices.SortFunc(all, func(a, b list) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// of returns the rows of a list, for an object.
func (m *model) of(l list, parent row) []row {
	rows := m.w.rows[tableOf[l.of]]
	if l.parent == "Query" {
		return rows
	}
	var found []row
	switch by := below[l.String()]; len(by) {
	case 1:
		for _, r := range rows {
			if r[by[0]] == parent["id"] {
				found = append(found, r)
			}
		}
	case 3:
		for _, link := range m.w.rows[by[0]] {
			if link[by[1]] == parent["id"] {
				at := slices.IndexFunc(rows, func(r row) bool { return r["id"] == link[by[2]] })
				found = append(found, rows[at])
			}
		}
	}
	return found
}

// holds reports whether a filter matches a row of a type. A null is treated as absent.
func (m *model) holds(typ string, where map[string]any, r row) bool {
	for name, value := range where {
		if value != nil && !m.condition(typ, name, value, r) {
			return false
		}
	}
	return true
}

func (m *model) condition(typ, name string, value any, r row) bool {
	all := func(v any) bool { return m.holds(typ, v.(map[string]any), r) }
	switch list, _ := value.([]any); name {
	case "not":
		return !all(value)
	case "and":
		return !slices.ContainsFunc(list, func(v any) bool { return !all(v) })
	case "or":
		return slices.ContainsFunc(list, all)
	}
	if typ == "Job" && name == "actionName" {
		return job.ActionName(r["action"].(string)) == value
	}
	if typ == "CloudUserGroup" && name == "customerId" {
		return m.has(typ, "customersWith", []any{map[string]any{"id": value}}, r)
	}
	if edge, ok := strings.CutPrefix(name, "has"); ok {
		return m.has(typ, strings.ToLower(edge[:1])+edge[1:], value, r)
	}
	for _, suffix := range []string{"IsNull", "In", "ContainsFold", "StartsWithFold", "Contains", "GTE", "LTE", "LT", ""} {
		field, ok := strings.CutSuffix(name, suffix)
		if !ok {
			continue
		}
		has, known := r[snake(field)]
		if !known {
			m.t.Fatalf("the model does not know the filter %s of %s", name, typ)
		}
		return compare(suffix, has, value)
	}
	return false
}

// has reports whether a row has neighbors, or one that all filters match.
func (m *model) has(typ, edge string, value any, r row) bool {
	edge, with := strings.CutSuffix(edge, "With")
	of := list{typ, edge, map[string]string{"domains": "Domain", "cloudUserGroups": "CloudUserGroup", "customers": "Customer"}[edge]}
	if of.of == "" {
		m.t.Fatalf("the model does not know the edge %s of %s", edge, typ)
	}
	neighbors := m.of(of, r)
	if !with {
		return (len(neighbors) > 0) == value.(bool)
	}
	return slices.ContainsFunc(neighbors, func(n row) bool {
		return !slices.ContainsFunc(value.([]any), func(where any) bool { return !m.holds(of.of, where.(map[string]any), n) })
	})
}

// compare compares a row's value with a filter's. A comparison with null is false.
func compare(operator string, has, asked any) bool {
	if operator == "IsNull" {
		return (has == nil) == asked.(bool)
	}
	if has == nil {
		return false
	}
	if list, ok := asked.([]any); ok {
		return slices.ContainsFunc(list, func(v any) bool { return compare("", has, v) })
	}
	text := asked.(string)
	if at, ok := has.(time.Time); ok {
		moment, _ := time.Parse(time.RFC3339Nano, text)
		return map[string]bool{"": at.Equal(moment), "GTE": !at.Before(moment), "LTE": !at.After(moment), "LT": at.Before(moment)}[operator]
	}
	switch own := has.(string); operator {
	case "Contains":
		return strings.Contains(own, text)
	case "ContainsFold":
		return strings.Contains(fold(own), fold(text))
	case "StartsWithFold":
		return strings.HasPrefix(fold(own), fold(text))
	default:
		// Guids are equal in any case.
		return own == text || uuid.Validate(own) == nil && strings.EqualFold(own, text)
	}
}

func fold(s string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(s))) }

// snake returns the column of a field.
func snake(field string) string {
	var b strings.Builder
	for _, c := range field {
		if unicode.IsUpper(c) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// sorted returns rows in an order; nil means the order of the guids.
func (m *model) sorted(of string, rows []row, orderBy map[string]any) []row {
	rows = slices.Clone(rows)
	keys := m.orderKeys(of, orderBy["field"])
	slices.SortFunc(rows, func(a, b row) int {
		for _, key := range keys {
			if c := m.compare(key(a), key(b)); c != 0 {
				return c
			}
		}
		return strings.Compare(a.id(), b.id())
	})
	if orderBy["direction"] == "DESC" {
		slices.Reverse(rows)
	}
	return rows
}

// orderKeys returns the values that an order compares, the most important first.
func (m *model) orderKeys(of string, order any) (keys []func(row) any) {
	name, _ := order.(string)
	for name != "" {
		first := name
		for _, pair := range []string{"STATUS", "COUNTRY"} {
			if strings.HasPrefix(name, pair+"_") {
				first = pair
			}
		}
		name = strings.TrimPrefix(strings.TrimPrefix(name, first), "_")
		keys = append(keys, func(r row) any {
			if of == "Customer" && first == "NAME" {
				return fold(r["name"].(string))
			}
			v, known := r[strings.ToLower(first)]
			if !known {
				m.t.Fatalf("the model does not know the order %s of %s", first, of)
			}
			return v
		})
	}
	return keys
}

func (m *model) compare(a, b any) int {
	switch a := a.(type) {
	case time.Time:
		return a.Compare(b.(time.Time))
	case string:
		return strings.Compare(a, b.(string))
	}
	m.t.Fatalf("the model cannot order %T", a)
	return 0
}

// page is the content of a connection.
type page struct {
	IDs                          []string
	HasPreviousPage, HasNextPage bool
	TotalCount                   int
}

func (p page) String() string {
	return fmt.Sprintf("%d of %d, previous %t, next %t: %v", len(p.IDs), p.TotalCount, p.HasPreviousPage, p.HasNextPage, p.IDs)
}

// cut implements Relay's algorithm. all are the rows of the list in its order; order are the rows of any list with the same
// order that contains the cursors' rows.
func cut(all, order []row, after, before string, first, last *int) page {
	place := map[string]int{}
	for i, r := range order {
		place[r.id()] = i
	}
	from, to := 0, len(all)
	for after != "" && from < len(all) && place[all[from].id()] <= place[after] {
		from++
	}
	for before != "" && to > 0 && place[all[to-1].id()] >= place[before] {
		to--
	}
	p := page{TotalCount: len(all), HasPreviousPage: from > 0, HasNextPage: to < len(all)}
	if to < from {
		to = from
	}
	if first != nil && to-from > *first {
		to, p.HasNextPage = from+*first, true
	}
	if last != nil && to-from > *last {
		from, p.HasPreviousPage = to-*last, true
	}
	for _, r := range all[from:to] {
		p.IDs = append(p.IDs, r.id())
	}
	return p
}
