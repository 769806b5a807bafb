package fastread_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// scalars are the plain fields of the types that are drawn.
func scalars() map[string][]string {
	return map[string][]string{
		"Customer":       {"id", "version", "createdAt", "updatedAt", "name", "description", "address", "city", "country", "status", "resourceGroupId", "retentionPolicyId", "__typename"},
		"CapacityUnit":   {"id", "createdAt", "kind", "type", "amount", "name", "description"},
		"CloudUserGroup": {"id", "createdAt", "name", "description", "__typename"},
		"CloudUser":      {"id", "createdAt", "login", "email", "firstName", "lastName", "role", "status"},
		"Domain":         {"id", "name", "registeredAt", "portalUsername"},
		"CloudSpace":     {"id", "createdAt", "name", "description", "status"},
		"Job":            {"id", "action", "status", "name", "error", "startedAt", "endedAt", "userId", "userLogin", "customerId", "internalErrorMessage"},
		"AccessToken":    {"id", "kind", "name", "createdAt", "expiresAt"},
	}
}

// edges are the connections of the types, ones the single objects.
func edges() map[string]map[string]string {
	return map[string]map[string]string{
		"Customer":       {"cloudUserGroups": "CloudUserGroup", "domains": "Domain", "cloudSpaces": "CloudSpace", "jobs": "Job"},
		"CloudUserGroup": {"users": "CloudUser", "customers": "Customer"},
		"CloudUser":      {"groups": "CloudUserGroup", "accessTokens": "AccessToken"},
		"CloudSpace":     {"children": "CloudSpace"},
		"Job":            {"children": "Job"},
	}
}

func ones() map[string]map[string]string {
	return map[string]map[string]string{
		"CapacityUnit": {"customer": "Customer"},
		"Domain":       {"customer": "Customer"},
		"CloudSpace":   {"customer": "Customer", "parent": "CloudSpace"},
		"Job":          {"user": "CloudUser", "customer": "Customer", "parent": "Job"},
		"AccessToken":  {"user": "CloudUser"},
	}
}

func orders() map[string][]string {
	return map[string][]string{
		"Customer":       {"", "NAME", "CREATED_AT", "CITY", "COUNTRY", "STATUS"},
		"CloudUserGroup": {"", "NAME", "CREATED_AT"},
		"CloudUser":      {"", "LOGIN", "CREATED_AT"},
		"Domain":         {"", "NAME", "REGISTERED_AT"},
		"CloudSpace":     {"", "NAME", "CREATED_AT"},
		"Job":            {"", "STARTED_AT"},
		"AccessToken":    {"", "CREATED_AT"},
	}
}

func filters() map[string][]string {
	return map[string][]string{
		"Customer": {`{nameContains: "customer 1"}`, `{hasDomains: true, not: {status: DISABLED}}`,
			`{or: [{city: "Ghent"}, {nameContainsFold: "A CUST"}]}`, `{hasCloudUserGroupsWith: [{name: "group 1"}]}`,
			`{hasCloudUserGroups: false}`, `{hasDomainsWith: [{name: "d3-0.example"}]}`, `{}`},
		"CloudUserGroup": {`{name: "group 1"}`, `{not: {name: "group 2"}}`},
		"CloudUser":      {`{role: MEMBER}`, `{or: [{login: "ada"}, {status: CREATED}]}`},
		"Domain":         {`{name: "d4-1.example"}`, `{nameIn: ["d4-0.example", "d3-0.example"]}`},
		"CloudSpace":     {`{name: "child"}`, `{status: ACTIVE}`},
		"Job":            {`{action: "addCapacityAvailable"}`, `{status: DONE, actionIn: ["createCustomer", "createCloudSpace"]}`},
		"AccessToken":    {},
	}
}

// drawn draws an operation.
type drawn struct {
	t         *rapid.T
	n         int
	variables map[string]any
	declared  []string
	cursors   map[string][]string // seen before, by what they are positions of
}

func (d *drawn) sometimes(label string, in int) bool {
	return rapid.IntRange(1, in).Draw(d.t, label) == 1
}

func (d *drawn) alias(name string) string {
	if d.n++; d.sometimes("alias", 5) {
		return fmt.Sprintf("a%d: %s", d.n, name)
	}
	return name
}

// given writes a value into the operation, or into a variable.
func (d *drawn) given(typ string, value any, literal string) string {
	if d.sometimes("literal", 2) {
		return literal
	}
	d.n++
	name := fmt.Sprintf("v%d", d.n)
	d.declared = append(d.declared, "$"+name+": "+typ)
	d.variables[name] = value
	return "$" + name
}

func (d *drawn) object(typ string, depth int) string {
	fields := rapid.SliceOfNDistinct(rapid.SampledFrom(scalars()[typ]), 1, 4, rapid.ID[string]).Draw(d.t, "fields")
	var parts []string
	for _, f := range fields {
		parts = append(parts, d.alias(f))
	}
	if typ == "Customer" && rapid.Bool().Draw(d.t, "capacity") {
		parts = append(parts, d.alias("capacityAvailable")+" "+d.object("CapacityUnit", min(depth, 1)), "capacityConsumed { ...unit }",
			d.alias("capacityBalance")+" { type remaining consumed available }")
	}
	if depth > 0 {
		for _, name := range slices.Sorted(maps.Keys(edges()[typ])) {
			if d.sometimes(name, 2) {
				parts = append(parts, d.connection(typ, name, edges()[typ][name], depth-1))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(ones()[typ])) {
			if d.sometimes(name, 3) {
				parts = append(parts, d.alias(name)+" "+d.object(ones()[typ][name], depth-1))
				if d.sometimes("twice", 3) {
					parts = append(parts, fmt.Sprintf("twice%d: %s %s", d.n, name, d.object(ones()[typ][name], depth-1)))
				}
			}
		}
	}
	if d.sometimes("skip", 4) {
		skip := rapid.Bool().Draw(d.t, "skipped")
		parts = append(parts, "id @skip(if: "+d.given("Boolean!", skip, fmt.Sprint(skip))+")", "... on "+typ+" { k: id @include(if: true) }")
	}
	parts = rapid.Permutation(parts).Draw(d.t, "order of fields")
	return "{ " + strings.Join(parts, " ") + " }"
}

func (d *drawn) connection(parent, name, to string, depth int) string {
	order := rapid.SampledFrom(orders()[to]).Draw(d.t, "order")
	direction := rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(d.t, "direction")
	cursor := "c_" + parent + "_" + name + "_" + order + "_" + direction
	args := d.arguments(to, order, direction, cursor)
	if len(args) > 0 {
		name += "(" + strings.Join(args, " ") + ")"
	}
	parts := []string{}
	if d.sometimes("nodes", 2) {
		parts = append(parts, "nodes "+d.object(to, depth))
	}
	if d.sometimes("edges", 2) {
		edge := []string{"node " + d.object(to, depth)}
		if d.sometimes("cursor", 2) {
			edge = append(edge, cursor+": cursor")
		}
		parts = append(parts, d.alias("edges")+" { "+strings.Join(rapid.Permutation(edge).Draw(d.t, "order of edge"), " ")+" }")
	}
	if len(parts) == 0 || d.sometimes("info", 2) {
		parts = append(parts, "pageInfo { hasPreviousPage hasNextPage startCursor "+cursor+": endCursor __typename }")
	}
	if d.sometimes("total", 3) {
		parts = append(parts, d.alias("totalCount"))
	}
	parts = rapid.Permutation(parts).Draw(d.t, "order of parts")
	return d.alias(name) + " { " + strings.Join(parts, " ") + " }"
}

func (d *drawn) arguments(to, order, direction, cursor string) []string {
	var args []string
	if order != "" || to == "Job" {
		if order == "" {
			args = append(args, "orderBy: null")
		} else {
			args = append(args, d.orderBy(to, order, direction))
		}
	}
	for _, end := range []string{"first", "last"} {
		if d.sometimes(end, 3) {
			size := rapid.IntRange(1, 4).Draw(d.t, "size")
			args = append(args, end+": "+d.given("Int", size, fmt.Sprint(size)))
		}
	}
	known := d.cursors[cursor]
	for _, end := range []string{"after", "before"} {
		if len(known) > 0 && d.sometimes(end, 4) {
			at := rapid.SampledFrom(known).Draw(d.t, "position")
			args = append(args, end+": "+d.given("Cursor", at, fmt.Sprintf("%q", at)))
		}
	}
	if all := filters()[to]; len(all) > 0 && d.sometimes("where", 3) {
		args = append(args, "where: "+rapid.SampledFrom(all).Draw(d.t, "filter"))
	}
	return args
}

func (d *drawn) orderBy(to, order, direction string) string {
	literal := "{field: " + order + ", direction: " + direction + "}"
	return "orderBy: " + d.given(to+"Order", map[string]any{"field": order, "direction": direction}, literal)
}
