package limit

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// What things cost, in tenths of an object. A leaf is a tenth, so that an
// object with ten fields costs twice what its guid costs.
const (
	object        = 10
	computed      = 10 * object    // a field with arguments, or a count over a list
	change        = 10 * object    // a mutation: a transaction, with its job
	partOfChange  = 5 * object     // an entry of a mutation's input, with its job
	elsewhere     = 10 * object    // a condition on other entities, or one that no index serves
	scanTable     = 1_000 * object // a condition that no index serves, on a whole table
	condition     = object         // another condition
	introspection = 5_000 * object // the whole schema
	handful       = 10             // entries of a list without pages
	ceiling       = 1 << 40        // no sum grows beyond this
)

// CostModel are what the fields of a schema cost. They are safe for concurrent use.
type CostModel struct {
	schema *ast.Schema
	pages  map[*ast.FieldDefinition]page
}

// page is the directive @page: how many entries are given without asking, and
// how many at most.
type page struct{ usual, most int }

// NewCostModel reads the sizes of pages from a schema's @page directives.
func NewCostModel(schema *ast.Schema) *CostModel {
	p := &CostModel{schema: schema, pages: map[*ast.FieldDefinition]page{}}
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			if d := f.Directives.ForName("page"); d != nil {
				p.pages[f] = page{
					usual: directiveInt(schema, d, "default"), most: directiveInt(schema, d, "max"),
				}
			}
		}
	}
	return p
}

// directiveInt is an argument of a directive in the schema, at least 1.
func directiveInt(schema *ast.Schema, d *ast.Directive, name string) int {
	value := (*ast.Value)(nil)
	if definition := schema.Directives[d.Name]; definition != nil {
		if argument := definition.Arguments.ForName(name); argument != nil {
			value = argument.DefaultValue
		}
	}
	if argument := d.Arguments.ForName(name); argument != nil {
		value = argument.Value
	}
	if value == nil {
		return 1
	}
	n, err := strconv.Atoi(value.Raw)
	if err != nil {
		return 1
	}
	return max(n, 1)
}

func isConnection(d *ast.Definition) bool {
	return d != nil && strings.HasSuffix(d.Name, "Connection")
}

func isPayload(d *ast.Definition) bool {
	return d != nil && strings.HasSuffix(d.Name, "Payload")
}

func isList(f *ast.FieldDefinition) bool { return f != nil && f.Type.Elem != nil }

func add(a, b int) int { return min(a+b, ceiling) }

func times(n, each int) int {
	if each > 0 && n > ceiling/each {
		return ceiling
	}
	return n * each
}
