package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
)

// descriptionName is where the OpenAPI description is, below Prefix.
const descriptionName = "openapi.json"

// The two parameters that every method takes, where the operation says nothing
// of them.
const (
	ignoredJob   = "A guid, or blank. A call that only reads is no job: it has no effect."
	readerParams = "A call that only reads is no job: `maxduration` and `userErrormsg` count, the rest has no effect."
)

// describe writes the OpenAPI description of the services.
func describe(services []*Service, schema *ast.Schema) ([]byte, error) {
	d := &describer{schema: schema, named: map[string]any{}}
	paths := object{}
	tags := make([]object, 0, len(services))
	for _, s := range services {
		tags = append(tags, object{{"name", s.Name}})
		for _, m := range s.Methods {
			paths = append(paths, member{Prefix + s.Name + "/" + m.Name, d.path(s, m)})
		}
	}
	return json.MarshalIndent(object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", "Cloud API, the old URLs"}, {"version", "1.0"},
			{"description", "The documented methods of the old Cloud API. GET and POST are the same call; " +
				"parameters come in the query string, in a form, or in both."},
		}},
		{"servers", []object{{{"url", "/"}}}},
		{"security", []object{{{"basic", []string{}}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", object{
			{"securitySchemes", object{{"basic", object{{"type", "http"}, {"scheme", "basic"}}}}},
			{"responses", responses()},
			{"schemas", d.schemas()},
		}},
	}, "", "  ")
}

func (d *describer) path(s *Service, m *Method) object {
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
		{"x-graphql", m.query},
	}
	get := append(object{{"operationId", s.Name + "." + m.Name}}, common...)
	post := append(object{{"operationId", s.Name + "." + m.Name + ".form"}}, common...)
	return object{
		{"get", append(get, member{"parameters", parameters}, member{"responses", answers})},
		{"post", append(post, member{"requestBody", object{{"content", object{
			{"application/x-www-form-urlencoded", object{{"schema", form}}},
			{"multipart/form-data", object{{"schema", form}}},
		}}}}, member{"responses", answers})},
	}
}

// parameter is the JSON Schema of a parameter's value.
func (d *describer) parameter(p *Parameter) any {
	t := ast.NamedType(p.Type, nil)
	if p.list {
		t = ast.ListType(t, nil)
	}
	return described(d.of(t), p.told())
}

func (p *Parameter) told() string {
	switch {
	case p.implicit && p.Name == jobAlias:
		return ignoredJob
	case p.implicit:
		return readerParams
	}
	return p.Description
}

// inQuery is a parameter of the query string: lists and dictionaries are JSON.
func (d *describer) inQuery(p *Parameter, schema any) object {
	out := object{
		{"name", p.Name}, {"in", "query"}, {"required", p.Required}, {"description", p.told()},
	}
	if p.structured() {
		return append(out, member{"content", object{{"application/json", object{{"schema", schema}}}}})
	}
	return append(out, member{"schema", schema}, member{"allowEmptyValue", !p.Required})
}

// answers are what a method may answer: its result, and the failures that every
// method may have.
func (d *describer) answers(m *Method) object {
	job := object{{"type", "null"}, {"description", "A call that only reads is no job."}}
	if m.Mutation() {
		job = object{{"type", "string"}, {"format", "uuid"}, {"description", "The guid of the job."}, {"example", exampleGUID}}
	}
	answer := object{
		{"type", "object"},
		{"properties", object{{"jobguid", job}, {"result", d.result(m)}}},
		{"required", []string{"jobguid", "result"}},
	}
	var shown any = answer
	if m.shape.bare {
		// The value is the router's own.
		shown = object{{"const", json.RawMessage(m.rewrite.fields[bareAlias].literal(nil))}}
	}
	out := object{{"200", object{
		{"description", "Done."},
		{"content", object{{"application/json", object{{"schema", shown}, {"example", d.example(shown)}}}}},
	}}}
	for _, status := range statuses() {
		out = append(out, member{strconv.Itoa(status), object{{"$ref", "#/components/responses/" + strconv.Itoa(status)}}})
	}
	return out
}

// result is the JSON Schema of a method's result.
func (d *describer) result(m *Method) any {
	field, listed := resultField(m.operation.SelectionSet, false)
	switch {
	case field == nil:
		return object{{"type", "boolean"}, {"const", true}}
	case m.Mutation() && !field.Definition.Type.NonNull:
		return object{
			{"type", []string{"boolean", "null"}}, {"description", field.Definition.Description}, {"example", true},
		}
	}
	schema := d.selected(field, field.Definition.Type)
	if listed || m.shape.wrap {
		return object{{"type", "array"}, {"items", schema}}
	}
	return schema
}

// resultField finds the result in a selection, and whether it is below a list.
func resultField(set ast.SelectionSet, listed bool) (*ast.Field, bool) {
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		if f.Alias == resultAlias || f.Alias == resultsAlias || f.Alias == bareAlias {
			return f, listed
		}
		if found, below := resultField(f.SelectionSet, listed || f.Definition.Type.Elem != nil); found != nil {
			return found, below
		}
	}
	return nil, false
}

// statuses are those of the failures, in their order.
func statuses() []int {
	all := []int{}
	for _, code := range fault.Codes() {
		if !slices.Contains(all, code.Status()) {
			all = append(all, code.Status())
		}
	}
	slices.Sort(all)
	return all
}

// responses are the failures, from the one table that the router has.
func responses() object {
	out := object{}
	for _, status := range statuses() {
		for _, code := range fault.Codes() {
			if code.Status() != status {
				continue
			}
			f := failureOf(fault.New(code, ""), "what is wrong", "a guid")
			out = append(out, member{strconv.Itoa(status), object{
				{"description", f.message},
				{"content", object{{"application/json", object{
					{"schema", object{{"$ref", "#/components/schemas/Failure"}}},
					{"example", object{
						{"message", f.message}, {"code", f.code}, {"exception", f.exception}, {"error", true},
					}},
				}}}},
			}})
			break
		}
	}
	return out
}

// schemas are the named schemas in alphabetical order.
func (d *describer) schemas() map[string]any {
	d.named["Failure"] = object{
		{"type", "object"}, {"description", "Why there is no result."},
		{"properties", object{
			{"message", object{{"type", "string"}, {"description", "What kind of failure it is."}}},
			{"code", object{{"type", "integer"}, {"enum", []int{
				codeNoService, codeNoMethod, codeInvalid, codeUnauthenticated, codeForbidden,
			}}}},
			{"exception", object{{"type", "string"}, {"description", "The text for a person."}}},
			{"error", object{{"type", "boolean"}, {"const", true}}},
		}},
		{"required", []string{"message", "code", "exception", "error"}},
	}
	return d.named
}

// describe serves the description.
func (h *Handler) describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := w.Write(h.description); err != nil {
		h.log.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}
