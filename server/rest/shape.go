package rest

import (
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// shape has the paths of the old answer's parts in the data of an operation. Paths are gjson's: response keys, and # for
// each element of a list.
type shape struct {
	result string // "" for true
	// alternatives are alternative results, of which @skip and @include select one.
	alternatives []string
	bare         bool   // the result is all of the answer
	wrap         bool   // the result is put into an array of one
	job          string // the guid of the job, "" for none
	mutation     bool
	// The paths of a connection to follow to its end, "" for none: the connection, its nodes, its page information,
	// hasNextPage and endCursor.
	connection, nodes, pageInfo, hasNextPage, endCursor string
	// parameterByField maps the name of an argument or input field to its parameter; parameterByPath maps its path from
	// the root.
	parameterByField, parameterByPath map[string]string
	// hasOtherFields is true if the connection has other fields than its nodes, which the answer includes.
	hasOtherFields bool
	// descriptions maps a parameter to the description, in schema.graphqls, of the argument or field that it provides.
	descriptions map[string]string
}

func newShape(op *ast.OperationDefinition) (*shape, error) {
	s := &shape{parameterByField: map[string]string{}, parameterByPath: map[string]string{}, descriptions: map[string]string{}}
	s.mutation = op.Operation == ast.Mutation
	s.walk(op.SelectionSet, "", "")
	return s, s.check(op)
}

// check rejects, when the server starts, an operation that the router cannot answer.
func (s *shape) check(op *ast.OperationDefinition) error {
	paged := op.VariableDefinitions.ForName(afterName) != nil
	switch {
	case op.Operation == ast.Mutation && s.job == "":
		return errors.New("a mutation selects its jobguid")
	case op.Operation == ast.Mutation && paged:
		return errors.New("a mutation has no pages")
	case op.Operation == ast.Query && s.result == "":
		return errors.New("a query selects its result")
	case !paged:
		return nil
	case s.connection == "" || s.nodes == "" || s.hasNextPage == "" || s.endCursor == "":
		return errors.New("a connection with $after selects nodes, hasNextPage and endCursor")
	case strings.Contains(s.connection, "#"):
		return errors.New("a connection with $after does not stand below a list")
	case !s.listed() && !isBelow(s.connection, s.result):
		return errors.New("a connection with $after is in the result, or the result in its nodes")
	}
	return nil
}

// listed reports whether the result is the array of a value in each node, and not an object that contains the connection.
func (s *shape) listed() bool { return isBelow(s.result, s.nodes) }

// isBelow reports whether path is at or under root.
func isBelow(path, root string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == '.')
}

// walk finds the parts. path is gjson's path of the set, keys the path in errors.
func (s *shape) walk(set ast.SelectionSet, path, keys string) {
	for _, selection := range set {
		f, ok := selection.(*ast.Field)
		if !ok {
			continue
		}
		here := join(path, f.Alias)
		s.recordField(f, path, here)
		for _, a := range f.Arguments {
			s.recordParameters(a.Name, join(keys, f.Alias, a.Name), a.Value, f.Definition.Arguments.ForName(a.Name).Description)
			if a.Value.Kind == ast.Variable && a.Value.Raw == afterName {
				s.connection = here
			}
		}
		inner := here
		if f.Definition.Type.Elem != nil {
			inner = join(here, "#")
		}
		s.walk(f.SelectionSet, inner, join(keys, f.Alias))
	}
}

func (s *shape) recordField(f *ast.Field, path, here string) {
	switch f.Alias {
	case resultAlias, resultsAlias, bareAlias:
		if s.result != "" {
			s.alternatives = append(s.alternatives, s.result)
		}
		s.result, s.wrap, s.bare = here, f.Alias == resultsAlias, f.Alias == bareAlias
	case JobAlias:
		// In a query, jobguid is an ordinary field.
		if s.mutation {
			s.job = here
		}
	}
	if s.connection == "" || !isBelow(path, s.connection) {
		return
	}
	switch {
	case path == s.connection && f.Name == "nodes":
		s.nodes = here
	case path == s.connection && f.Name == "pageInfo":
		s.pageInfo = here
	case path == s.connection && f.Name != "edges":
		s.hasOtherFields = true
	case f.Name == "hasNextPage":
		s.hasNextPage = here
	case f.Name == "endCursor":
		s.endCursor = here
	}
}

// recordParameters records which parameters an argument, or a field of an input object, uses.
func (s *shape) recordParameters(name, keys string, v *ast.Value, description string) {
	if v.Kind == ast.Variable {
		s.parameterByField[name], s.parameterByPath[keys], s.descriptions[v.Raw] = v.Raw, v.Raw, description
	}
	if v.Kind != ast.ObjectValue {
		return
	}
	for _, c := range v.Children {
		s.recordParameters(c.Name, join(keys, c.Name), c.Value, v.Definition.Fields.ForName(c.Name).Description)
	}
}

// join joins the parts of a path that are not empty.
func join(parts ...string) string {
	path := ""
	for _, part := range parts {
		if path != "" && part != "" {
			path += "."
		}
		path += part
	}
	return path
}
