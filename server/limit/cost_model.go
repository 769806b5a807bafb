package limit

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Prices in tenths of an object. A leaf costs a tenth, so that an object with ten fields costs twice as much as its guid
// alone.
const (
	object           = 10
	computed         = 10 * object    // a field with arguments, or a count of a list
	statement        = 100 * object   // a field that takes a statement for each object
	change           = 10 * object    // a mutation: a transaction with its job
	total            = 200 * object   // sums over a whole list
	partOfChange     = 5 * object     // an entry of a mutation's input, with its job
	joinCondition    = 10 * object    // a condition on other entities, or one without an index
	scanTable        = 1_000 * object // a condition without an index on a whole table
	condition        = object         // any other condition
	introspection    = 5_000 * object // the whole schema
	estimatedEntries = 10             // estimated entries of a list without pages
	treeEntries      = 1_000          // maximum entries of a job's tree
	maxSum           = 1 << 40        // maximum of any sum
)

// CostModel has the costs of a schema's fields. It is safe for concurrent use.
type CostModel struct {
	schema *ast.Schema
	pages  map[*ast.FieldDefinition]page
}

// page has the arguments of the directive @page: the default and the maximum number of entries.
type page struct{ defaultSize, maxSize int }

// NewCostModel reads the page sizes from a schema's @page directives.
func NewCostModel(schema *ast.Schema) *CostModel {
	p := &CostModel{schema: schema, pages: map[*ast.FieldDefinition]page{}}
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			if d := f.Directives.ForName("page"); d != nil {
				p.pages[f] = page{
					defaultSize: directiveInt(schema, d, "default"), maxSize: directiveInt(schema, d, "max"),
				}
			}
		}
	}
	return p
}

// directiveInt returns an argument of a directive in the schema, at least 1.
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

// isTotal reports whether a field sums up the whole list of its connection: it is a list, and not that of the page.
func isTotal(f *ast.Field) bool {
	return isConnection(f.ObjectDefinition) && isList(f.Definition) && f.Name != "nodes" && f.Name != "edges"
}

// isTree reports whether a field is the tree of a job.
func isTree(f *ast.Field) bool { return isJob(f.ObjectDefinition) && f.Name == "tree" }

// takesStatement reports whether a field takes a statement for each object.
func takesStatement(f *ast.Field) bool {
	return isJob(f.ObjectDefinition) && (f.Name == "order" || f.Name == "serialized")
}

func isJob(d *ast.Definition) bool { return d != nil && d.Name == "Job" }

func isPayload(d *ast.Definition) bool {
	return d != nil && strings.HasSuffix(d.Name, "Payload")
}

func isList(f *ast.FieldDefinition) bool { return f != nil && f.Type.Elem != nil }

func add(a, b int) int { return min(a+b, maxSum) }

func times(n, each int) int {
	if each > 0 && n > maxSum/each {
		return maxSum
	}
	return n * each
}
