// Package schemadoc writes docs/schema.md: the GraphQL schema as a document.
package schemadoc

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// paging are the arguments of every list, which the document explains once.
var paging = []string{"after", "first", "before", "last"}

// Document returns a schema in Markdown: the operations, then the types by kind and name.
func Document(schema *ast.Schema) string {
	d := &document{schema: schema}
	d.line("# The schema", "", "Generated from `schema.graphqls` by `make generate`. The schema itself is printed by `cloudapi schema`, and served at `/schema.graphql`.", "")
	d.line("A field marked *list* comes in pages and takes `first` and `after`, or `last` and `before`, besides the arguments that are shown. "+
		"A page has 50 entries by default and 500 at most.", "")
	d.operations("Queries", schema.Query)
	d.operations("Mutations", schema.Mutation)
	d.operations("Subscriptions", schema.Subscription)
	for _, kind := range []struct {
		title string
		kinds []ast.DefinitionKind
	}{
		{"Types", []ast.DefinitionKind{ast.Interface, ast.Union, ast.Object}},
		{"Inputs", []ast.DefinitionKind{ast.InputObject}},
		{"Enums", []ast.DefinitionKind{ast.Enum}},
		{"Scalars", []ast.DefinitionKind{ast.Scalar}},
	} {
		d.line("## "+kind.title, "")
		for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
			t := schema.Types[name]
			if !t.BuiltIn && slices.Contains(kind.kinds, t.Kind) && t != schema.Query && t != schema.Mutation && t != schema.Subscription {
				d.definition(t)
			}
		}
	}
	return strings.TrimRight(d.String(), "\n") + "\n"
}

type document struct {
	strings.Builder
	schema *ast.Schema
}

func (d *document) line(lines ...string) {
	for _, l := range lines {
		d.WriteString(l + "\n")
	}
}

// operations writes the fields of a root type.
func (d *document) operations(title string, root *ast.Definition) {
	if root == nil {
		return
	}
	d.line("## "+title, "")
	d.fields(root)
}

func (d *document) definition(t *ast.Definition) {
	d.line("### "+t.Name, "", t.Description, "")
	switch t.Kind {
	case ast.Enum:
		d.line("| value | |", "|---|---|")
		for _, v := range t.EnumValues {
			d.line(fmt.Sprintf("| `%s` | %s |", v.Name, cell(v.Description)))
		}
		d.line("")
	case ast.InputObject:
		d.line("| field | type | |", "|---|---|---|")
		for _, f := range t.Fields {
			d.line(fmt.Sprintf("| `%s` | %s%s | %s |", f.Name, d.reference(f.Type), defaults(f.DefaultValue), cell(f.Description)))
		}
		d.line("")
	case ast.Scalar:
		if by := t.Directives.ForName("specifiedBy"); by != nil {
			d.line("Specified by <"+by.Arguments.ForName("url").Value.Raw+">.", "")
		}
	default:
		if len(t.Interfaces) > 0 {
			d.line("Implements "+d.named(t.Interfaces...)+".", "")
		}
		if len(t.Types) > 0 {
			d.line("One of "+d.named(t.Types...)+".", "")
		}
		d.fields(t)
	}
}

// fields writes the table of a type's fields.
func (d *document) fields(t *ast.Definition) {
	if len(t.Fields) == 0 {
		return
	}
	d.line("| field | type | |", "|---|---|---|")
	for _, f := range t.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		description := cell(f.Description)
		if reason := f.Directives.ForName("deprecated"); reason != nil {
			description += " **Deprecated.**"
			if why := reason.Arguments.ForName("reason"); why != nil {
				description += " " + cell(why.Value.Raw)
			}
		}
		if isList(f) {
			description += " *List.*"
		}
		d.line(fmt.Sprintf("| `%s`%s | %s | %s |", f.Name, d.arguments(f), d.reference(f.Type), description))
	}
	d.line("")
}

// isList reports whether a field has the arguments of every list.
func isList(f *ast.FieldDefinition) bool {
	return !slices.ContainsFunc(paging, func(name string) bool { return f.Arguments.ForName(name) == nil })
}

// arguments returns the arguments of a field, without those of every list.
func (d *document) arguments(f *ast.FieldDefinition) string {
	var shown []string
	for _, a := range f.Arguments {
		if !isList(f) || !slices.Contains(paging, a.Name) {
			shown = append(shown, fmt.Sprintf("`%s`: %s%s", a.Name, d.reference(a.Type), defaults(a.DefaultValue)))
		}
	}
	if len(shown) == 0 {
		return ""
	}
	return " (" + strings.Join(shown, ", ") + ")"
}

// reference returns a type with a link to its section.
func (d *document) reference(t *ast.Type) string {
	if t.Elem != nil {
		return "[" + d.reference(t.Elem) + "]" + mark(t)
	}
	return d.named(t.NamedType) + mark(t)
}

func mark(t *ast.Type) string {
	if t.NonNull {
		return "!"
	}
	return ""
}

// named returns types with links to their sections.
func (d *document) named(names ...string) string {
	var links []string
	for _, name := range names {
		if t := d.schema.Types[name]; t == nil || t.BuiltIn {
			links = append(links, name)
			continue
		}
		links = append(links, fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name)))
	}
	return strings.Join(links, ", ")
}

func defaults(v *ast.Value) string {
	if v == nil {
		return ""
	}
	return " = `" + v.String() + "`"
}

// cell formats a text for a table.
func cell(text string) string {
	return cmp.Or(strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`), " ")
}
