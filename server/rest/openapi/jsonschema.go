package openapi

import (
	"slices"
	"strings"

	"cloudapi/internal/strictjson"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/server/rest"
)

// exampleGUID is the guid of CONTRACT.md's examples.
const exampleGUID = "22544b07-4129-47b1-8690-b92c0db21434"

// describer writes the types of schema.graphqls as JSON Schema, each enumeration and input object once, by name.
type describer struct {
	schema *ast.Schema
	named  map[string]any
}

// of returns the JSON Schema of a type without a selection.
func (d *describer) of(t *ast.Type) any {
	if t.Elem != nil {
		return object{{"type", "array"}, {"items", d.of(t.Elem)}}
	}
	definition := d.schema.Types[t.NamedType]
	switch definition.Kind {
	case ast.Enum:
		if d.named[t.NamedType] == nil {
			d.named[t.NamedType] = enumOf(definition)
		}
	case ast.InputObject:
		if d.named[t.NamedType] == nil {
			// Set before its fields are visited: one of them may have the same type.
			d.named[t.NamedType] = object{}
			d.named[t.NamedType] = d.inputOf(definition)
		}
	default:
		return scalarOf(definition)
	}
	return object{{"$ref", "#/components/schemas/" + t.NamedType}}
}

func scalarOf(definition *ast.Definition) object {
	switch definition.Name {
	case "ID":
		return object{{"type", "string"}, {"format", "uuid"}, {"example", exampleGUID}}
	case "Int", "BigInt":
		return object{{"type", "integer"}, {"example", 1}}
	case "Amount":
		return object{
			{"type", "integer"}, {"minimum", 1}, {"maximum", strictjson.MaxInteger},
			{"description", definition.Description}, {"example", 1000},
		}
	case "Float":
		return object{{"type", "number"}, {"example", 1.5}}
	case "Boolean":
		return object{{"type", "boolean"}, {"example", true}}
	case "JSONObject":
		return object{{"type", "object"}, {"additionalProperties", true}}
	case "Time":
		return object{{"type", "string"}, {"format", "date-time"}}
	case "Secret":
		return object{{"type", "string"}, {"format", "password"}}
	}
	return object{{"type", "string"}, {"example", "text"}}
}

func enumOf(definition *ast.Definition) object {
	values := make([]string, 0, len(definition.EnumValues))
	lines := []string{definition.Description}
	for _, v := range definition.EnumValues {
		values = append(values, v.Name)
		lines = append(lines, "- `"+v.Name+"`: "+v.Description)
	}
	return object{{"type", "string"}, {"description", strings.Join(lines, "\n")}, {"enum", values}}
}

func (d *describer) inputOf(definition *ast.Definition) object {
	properties, required, open := object{}, []string{}, false
	for _, f := range definition.Fields {
		if f.Name == rest.OtherKeys {
			open = true
			continue
		}
		properties = append(properties, member{f.Name, described(d.of(f.Type), f.Description)})
		if f.Type.NonNull && f.DefaultValue == nil {
			required = append(required, f.Name)
		}
	}
	out := object{{"type", "object"}, {"description", definition.Description}, {"properties", properties}}
	if len(required) > 0 {
		out = append(out, member{"required", required})
	}
	return append(out, member{"additionalProperties", open})
}

// described returns a schema with its own description.
func described(schema any, description string) any {
	o, ok := schema.(object)
	if !ok {
		return schema
	}
	o = slices.DeleteFunc(slices.Clone(o), func(m member) bool { return m.key == "description" })
	return append(withLengths(o, description), member{"description", description})
}

// selected returns the JSON Schema of a field with its selection.
func (d *describer) selected(f *ast.Field, t *ast.Type) any {
	if t.Elem != nil {
		return object{{"type", "array"}, {"items", d.selected(f, t.Elem)}}
	}
	if len(f.SelectionSet) == 0 {
		return described(d.of(t), f.Definition.Description)
	}
	nodes := nodesOf(f)
	if nodes != nil && !keeps(f) {
		return described(d.selected(nodes, nodes.Definition.Type), f.Definition.Description)
	}
	properties, required := object{}, []string{}
	for _, s := range f.SelectionSet {
		if inner, ok := s.(*ast.Field); ok && (nodes == nil || inner.Name != "pageInfo") {
			properties = append(properties, member{inner.Alias, d.selected(inner, inner.Definition.Type)})
			required = append(required, inner.Alias)
		}
	}
	return object{{"type", "object"}, {"properties", properties}, {"required", required}}
}

// nodesOf returns the nodes of a connection that is followed to its end, nil for another field.
func nodesOf(f *ast.Field) *ast.Field {
	if !rest.Followed(f) {
		return nil
	}
	for _, s := range f.SelectionSet {
		if inner, ok := s.(*ast.Field); ok && inner.Name == "nodes" {
			return inner
		}
	}
	return nil
}

// keeps reports whether a connection becomes an object with its nodes and other fields, and not the list of its nodes.
func keeps(f *ast.Field) bool {
	return slices.ContainsFunc(f.SelectionSet, func(s ast.Selection) bool {
		inner, ok := s.(*ast.Field)
		return ok && inner.Name != "nodes" && inner.Name != "edges" && inner.Name != "pageInfo"
	})
}
