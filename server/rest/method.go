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

// The names with a meaning for the router; see the package documentation.
const (
	resultAlias  = "result"
	resultsAlias = "results"
	bareAlias    = "bare"
	JobAlias     = "jobguid"
	afterName    = "after"
	ParamsName   = "executionparams"
)

// Method is an old method: an operation, and how its answer is read.
type Method struct {
	Name        string
	Description string
	Parameters  []*Parameter

	operation *ast.OperationDefinition
	query     string
	shape     *shape
	rewrite   *rewrite
	byName    map[string]*Parameter
}

// Mutation reports whether calls of the method are jobs.
func (m *Method) Mutation() bool { return m.operation.Operation == ast.Mutation }

// Service is an old service: the methods of one file, in the same order.
type Service struct {
	Name    string
	Methods []*Method

	byName map[string]*Method
}

// load reads the operations, which the engine validates. Each file is a service, each operation a method.
func load(e *engine.Engine) ([]*Service, error) {
	files, err := fs.Glob(operations, "operations/*.graphql")
	if err != nil {
		return nil, err
	}
	services := make([]*Service, 0, len(files))
	for _, file := range files {
		text, err := operations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		s, err := loadService(e, strings.TrimSuffix(path.Base(file), ".graphql"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		services = append(services, s)
	}
	return services, nil
}

func loadService(e *engine.Engine, name, text string) (*Service, error) {
	doc, err := engine.Parse(text)
	if err != nil {
		return nil, err
	}
	s := &Service{Name: name, byName: make(map[string]*Method, len(doc.Operations))}
	for _, op := range doc.Operations {
		m, err := method(e, op)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op.Name, err)
		}
		s.Methods = append(s.Methods, m)
		s.byName[op.Name] = m
	}
	return s, nil
}

// method makes a document of one operation, and analyses its parameters and its answer.
func method(e *engine.Engine, op *ast.OperationDefinition) (*Method, error) {
	m := &Method{Name: op.Name, Description: strings.TrimSpace(op.Description), byName: map[string]*Parameter{}}
	op.Description = ""
	declared := takeVariables(op)
	var err error
	if m.rewrite, err = takeDirectives(op.SelectionSet); err != nil {
		return nil, err
	}
	var text strings.Builder
	formatter.NewFormatter(&text).FormatQueryDocument(&ast.QueryDocument{Operations: ast.OperationList{op}})
	m.query = text.String()
	valid, err := e.Preload(m.query)
	if err != nil {
		return nil, err
	}
	m.operation = valid.Operations[0]
	for _, v := range declared {
		if v.Variable != afterName {
			m.add(newParameter(e.Schema(), v, false))
		}
	}
	for _, common := range []struct{ name, typ string }{{JobAlias, "ID"}, {ParamsName, "ExecutionParams"}} {
		if m.byName[common.name] == nil {
			m.add(newParameter(e.Schema(), &ast.VariableDefinition{
				Variable: common.name, Type: ast.NamedType(common.typ, nil),
			}, true))
		}
	}
	if m.shape, err = newShape(m.operation); err != nil {
		return nil, err
	}
	for _, p := range m.Parameters {
		p.Description = m.shape.descriptions[p.Name]
	}
	return m, nil
}

func (m *Method) add(p *Parameter) {
	m.Parameters = append(m.Parameters, p)
	m.byName[p.Name] = p
}
