package rest

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"cloudapi/server/engine"
)

//go:embed operations/*.graphql
var operations embed.FS

// The names that the router knows in operations; see the package documentation.
const (
	resultAlias  = "result"
	resultsAlias = "results"
	jobAlias     = "jobguid"
	afterName    = "after"
	paramsName   = "executionparams"
)

// Method is an old method: an operation, and how its answer is read.
type Method struct {
	Name        string
	Description string
	Parameters  []*Parameter

	query    string
	mutation bool
	result   []string // response keys down to the result, nil for true
	wrap     bool     // whether the result is put into an array
	job      []string // response keys down to the guid of the job
	page     []string // response keys down to the connection to follow, nil for none
	fields   map[string]string
}

// Services are the old services, each with its methods by name.
type Services map[string]map[string]*Method

// load reads the operations and has the engine validate them. The file is the
// service, the operation the method.
func load(e *engine.Engine) (Services, error) {
	files, err := fs.Glob(operations, "operations/*.graphql")
	if err != nil {
		return nil, err
	}
	services := Services{}
	for _, file := range files {
		text, err := operations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(file), ".graphql")
		if services[name], err = methods(e, string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return services, nil
}

func methods(e *engine.Engine, text string) (map[string]*Method, error) {
	doc, err := engine.Parse(text)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*Method, len(doc.Operations))
	for _, op := range doc.Operations {
		m, err := method(e, op)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op.Name, err)
		}
		found[op.Name] = m
	}
	return found, nil
}

// method makes a document of its own of one operation, and learns how to call
// it and how to read what it gives.
func method(e *engine.Engine, op *ast.OperationDefinition) (*Method, error) {
	m := &Method{
		Name: op.Name, Description: strings.TrimSpace(op.Description),
		mutation: op.Operation == ast.Mutation, fields: map[string]string{},
	}
	op.Description = ""
	var text strings.Builder
	formatter.NewFormatter(&text).FormatQueryDocument(&ast.QueryDocument{Operations: ast.OperationList{op}})
	m.query = text.String()
	valid, err := e.Pin(m.query)
	if err != nil {
		return nil, err
	}
	op = valid.Operations[0]
	for _, v := range op.VariableDefinitions {
		if v.Variable != afterName {
			m.Parameters = append(m.Parameters, newParameter(e.Schema(), v))
		}
	}
	m.common(e.Schema())
	m.walk(op.SelectionSet, nil)
	return m, nil
}

// common adds the two parameters that every method takes.
func (m *Method) common(schema *ast.Schema) {
	for name, typ := range map[string]string{jobAlias: "ID", paramsName: "ExecutionParams"} {
		if m.parameter(name) == nil {
			p := newParameter(schema, &ast.VariableDefinition{
				Variable: name, Type: ast.NamedType(typ, nil), Definition: schema.Types[typ],
			})
			p.implicit = true
			m.Parameters = append(m.Parameters, p)
		}
	}
}

func (m *Method) parameter(name string) *Parameter {
	for _, p := range m.Parameters {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// walk finds the parts of the answer that the router knows, and which parameter
// feeds which argument.
func (m *Method) walk(set ast.SelectionSet, above []string) {
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		here := append(above[:len(above):len(above)], f.Alias)
		switch {
		case f.Alias == resultAlias, f.Alias == resultsAlias:
			m.result, m.wrap = here, f.Alias == resultsAlias
		case f.Alias == jobAlias:
			m.job = here
		}
		for _, a := range f.Arguments {
			m.feed(a.Name, a.Value)
			if a.Value.Kind == ast.Variable && a.Value.Raw == afterName {
				m.page = here
			}
		}
		m.walk(f.SelectionSet, here)
	}
}

func (m *Method) feed(name string, v *ast.Value) {
	if v.Kind == ast.Variable {
		m.fields[name] = v.Raw
	}
	for _, c := range v.Children {
		m.feed(c.Name, c.Value)
	}
}
