// Package openapi describes the old URLs as OpenAPI 3.1, from their operations and schema.graphqls. It writes
// docs/openapi.json and docs/rest.md.
package openapi

// The documents are written from what is served.
//
//go:generate go test . -run ^(TestDocument|TestForms)$ -update

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/server/rest"
)

// The two parameters of every method, if the operation does not declare them.
const (
	ignoredJob   = "A guid, or blank. It has no effect, because a call that only reads has no job."
	readerParams = "A call that only reads has no job: `maxduration` and `userErrormsg` are used, the rest has no effect."
)

// Describe writes the description of the services.
func Describe(services []*rest.Service, schema *ast.Schema) ([]byte, error) {
	d := &describer{schema: schema, named: map[string]any{}}
	paths := object{}
	tags := make([]object, 0, len(services))
	for _, s := range services {
		tags = append(tags, object{{"name", s.Name}})
		for _, m := range s.Methods {
			paths = append(paths, member{rest.Prefix + s.Name + "/" + m.Name, d.path(s, m)})
		}
	}
	return json.MarshalIndent(object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", "Cloud API, the old URLs"}, {"version", "1.0"},
			{"description", "The documented methods of the old Cloud API. GET and POST have the same effect. " +
				"Send parameters in the query string, in a form, or in both. HEAD answers like GET without a body. " +
				"docs/forms.md describes the formats of getObject, getYAML and getXML."},
		}},
		{"servers", []object{{{"url", "/"}}}},
		{"security", []object{{{"basic", []string{}}}, {{"bearer", []string{}}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", object{
			{"securitySchemes", object{{"basic", object{{"type", "http"}, {"scheme", "basic"}}},
				{"bearer", object{{"type", "http"}, {"scheme", "bearer"}}},
			}},
			{"headers", headers()},
			{"responses", responses()},
			{"schemas", d.schemas()},
		}},
	}, "", "  ")
}

func (d *describer) path(s *rest.Service, m *rest.Method) object {
	parameters, properties, required := []object{}, object{}, []string{}
	for _, p := range m.Parameters {
		schema := d.parameter(p)
		properties = append(properties, member{p.Name, schema})
		parameters = append(parameters, d.inQuery(p, schema))
		if p.Required {
			required = append(required, p.Name)
		}
	}
	form := object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		form = append(form, member{"required", required})
	}
	answers := d.answers(m)
	common := object{
		{"tags", []string{s.Name}}, {"summary", m.Description},
		{"x-graphql", m.Document()},
	}
	get := append(object{{"operationId", s.Name + "." + m.Name}}, common...)
	post := append(object{{"operationId", s.Name + "." + m.Name + ".form"}}, common...)
	if m.Mutation() {
		parameters = append(parameters, keyHeader())
		post = append(post, member{"parameters", []object{keyHeader()}})
	}
	return object{
		{"get", append(get, member{"parameters", parameters}, member{"responses", answers})},
		{"post", append(post, member{"requestBody", object{{"content", object{
			{"application/x-www-form-urlencoded", object{{"schema", form}, {"encoding", encodings(m)}}},
			{"multipart/form-data", object{{"schema", form}, {"encoding", encodings(m)}}},
		}}}}, member{"responses", answers})},
	}
}

// parameter returns the JSON Schema of a parameter's value.
func (d *describer) parameter(p *rest.Parameter) any {
	t := ast.NamedType(p.Type, nil)
	if p.List {
		t = ast.ListType(t, nil)
	}
	return described(d.of(t), told(p))
}

func told(p *rest.Parameter) string {
	switch {
	case p.Implicit && p.Name == rest.JobAlias:
		return ignoredJob
	case p.Implicit:
		return readerParams
	}
	return p.Description
}

// inQuery returns a parameter of the query string: lists and dictionaries are JSON.
func (d *describer) inQuery(p *rest.Parameter, schema any) object {
	out := object{
		{"name", p.Name}, {"in", "query"}, {"required", p.Required}, {"description", told(p)},
	}
	if p.Structured() {
		return append(out, member{"content", object{{"application/json", object{{"schema", schema}}}}})
	}
	return append(out, member{"schema", schema}, member{"allowEmptyValue", !p.Required})
}

// answers returns the possible answers of a method: its result, and the failures of every method.
func (d *describer) answers(m *rest.Method) object {
	job := object{{"type", "null"}, {"description", "A call that only reads has no job."}}
	if m.Mutation() {
		job = object{{"type", "string"}, {"format", "uuid"}, {"description", "The guid of the job."}, {"example", exampleGUID}}
	}
	answer := object{
		{"type", "object"},
		{"properties", object{{"jobguid", job}, {"result", d.result(m)}}},
		{"required", []string{"jobguid", "result"}},
	}
	var shown any = answer
	if bare := m.Bare(); bare != nil {
		shown = object{{"const", bare}}
	}
	out := object{{"200", object{
		{"description", "Done."}, {"headers", headersOf(http.StatusOK)},
		{"content", object{{"application/json", object{{"schema", shown}, {"example", d.example(shown)}}}}},
	}}}
	for _, f := range rest.FailuresByStatus("") {
		status := strconv.Itoa(f.Status())
		out = append(out, member{status, object{{"$ref", "#/components/responses/" + status}}})
	}
	return out
}

// result returns the JSON Schema of a method's result.
func (d *describer) result(m *rest.Method) any {
	field, listed := resultField(m.Selection(), false)
	switch {
	case field == nil:
		return object{{"type", "boolean"}, {"const", true}}
	case m.Mutation() && !field.Definition.Type.NonNull:
		return object{
			{"type", []string{"boolean", "null"}}, {"description", field.Definition.Description}, {"example", true},
		}
	}
	schema := d.selected(field, field.Definition.Type)
	if listed || m.Wrapped() {
		return object{{"type", "array"}, {"items", schema}}
	}
	return schema
}

// resultField finds the result in a selection, and reports whether it is below a list.
func resultField(set ast.SelectionSet, listed bool) (*ast.Field, bool) {
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		if rest.IsResult(f) {
			return f, listed
		}
		if found, below := resultField(f.SelectionSet, listed || f.Definition.Type.Elem != nil); found != nil {
			return found, below
		}
	}
	return nil, false
}

// responses returns the failures, from the router's table.
func responses() object {
	out := object{}
	for _, f := range rest.FailuresByStatus("what is wrong") {
		out = append(out, member{strconv.Itoa(f.Status()), object{
			{"description", f.Message()}, {"headers", headersOf(f.Status())},
			{"content", object{{"application/json", object{
				{"schema", object{{"$ref", "#/components/schemas/Failure"}}},
				{"example", f},
			}}}},
		}})
	}
	return out
}

// schemas returns the named schemas in alphabetical order.
func (d *describer) schemas() map[string]any {
	d.named["Failure"] = object{
		{"type", "object"}, {"description", "The failure of a call."},
		{"properties", object{
			{"message", object{{"type", "string"}, {"description", "The kind of failure."}}},
			{"code", object{{"type", "integer"}, {"enum", rest.Codes()}}},
			{"exception", object{{"type", "string"}, {"description", "The text for a person."}}},
			{"error", object{{"type", "boolean"}, {"const", true}}},
		}},
		{"required", []string{"message", "code", "exception", "error"}},
	}
	return d.named
}
