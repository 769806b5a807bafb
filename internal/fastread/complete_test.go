package fastread_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/graph"
	"cloudapi/server/api/apitest"
)

// ordinary are the fields that are left to the ordinary path on purpose: what is made of several jobs,
// and JSON whose numbers it reads and writes anew.
func ordinary() []string {
	return []string{
		"Job.serialized",
		"Job.parameters", "Job.result", "Job.actionName", "Job.objectType", "Job.order", "Job.tree",
		"CustomerConnection.capacityBalance", "CustomerConnection.countByStatus", "CustomerConnection.countByCountry",
	}
}

// TestEverythingIsCovered asks for each field of each type that has a table,
// and for each argument of its connections. A new field must be covered, or be
// named in ordinary.
func TestEverythingIsCovered(t *testing.T) { apitest.Each(t, everythingIsCovered) }

func everythingIsCovered(t *testing.T, a *apitest.API) {
	fill(t, a)
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	under := map[string]string{
		"Customer":       "customers { nodes { %s } }",
		"CapacityUnit":   "customers { nodes { capacityAvailable { %s } } }",
		"CloudSpace":     "customers { nodes { cloudSpaces { nodes { %s } } } }",
		"Domain":         "customers { nodes { domains { nodes { %s } } } }",
		"CloudUserGroup": "cloudUserGroups { nodes { %s } }",
		"CloudUser":      "cloudUsers { nodes { %s } }",
		"AccessToken":    "cloudUsers { nodes { accessTokens { nodes { %s } } } }",
		"PortalAccount":  "portalAccounts { nodes { %s } }",
		"Job":            "jobs { nodes { %s } }",
	}
	for _, e := range ent.Entities() {
		for _, f := range schema.Types[e.Name].Fields {
			t.Run(e.Name+"."+f.Name, func(t *testing.T) {
				want := !slices.Contains(ordinary(), e.Name+"."+f.Name)
				for _, selected := range selections(schema, f) {
					query := "{ " + fmt.Sprintf(under[e.Name], selected) + " }"
					before := a.Reader.Ordinary.Load()
					answer := a.Query(apitest.Administrator, query, nil)
					if answer.Status != 200 {
						t.Errorf("%s: %s", query, answer.Body)
					}
					if fast := a.Reader.Ordinary.Load() == before; fast != want {
						t.Errorf("%s: fast %t, want %t", query, fast, want)
					}
				}
			})
		}
	}
}

// selections are the ways to ask for a field: plainly, and for a connection
// with each of its parts and of its arguments.
func selections(schema *ast.Schema, f *ast.FieldDefinition) []string {
	typ := schema.Types[f.Type.Name()]
	switch {
	case f.Name == "serialized":
		return []string{"serialized(format: XML)"}
	case !typ.IsCompositeType():
		return []string{f.Name}
	case len(f.Arguments) == 0:
		return []string{f.Name + " { __typename }"}
	}
	var all []string
	for _, part := range typ.Fields {
		if slices.Contains(ordinary(), typ.Name+"."+part.Name) {
			continue
		}
		inner := ""
		if schema.Types[part.Type.Name()].IsCompositeType() {
			inner = " {"
			for _, below := range schema.Types[part.Type.Name()].Fields {
				if !schema.Types[below.Type.Name()].IsCompositeType() && len(below.Arguments) == 0 &&
					!slices.Contains(ordinary(), part.Type.Name()+"."+below.Name) {
					inner += " " + below.Name
				}
			}
			inner += " __typename }"
		}
		all = append(all, f.Name+" { "+part.Name+inner+" }")
	}
	for _, a := range f.Arguments {
		value, ok := map[string]string{"first": "2", "last": "2", "where": "{}"}[a.Name]
		if a.Name == "orderBy" {
			order := schema.Types[schema.Types[a.Type.Name()].Fields.ForName("field").Type.Name()]
			value, ok = "{field: "+order.EnumValues[0].Name+", direction: DESC}", true
		}
		if ok {
			all = append(all, f.Name+"("+a.Name+": "+value+") { nodes { id } }")
		}
	}
	return all
}
