package fastread

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/viewer"
)

// errNotCovered sends a field down the ordinary path, which supports everything and reports invalid arguments.
var errNotCovered = errors.New("not covered by the fast path")

// errInvalidValue is errNotCovered for an invalid value of a parameter, which does not depend on the plan.
var errInvalidValue = errors.New("not a valid value")

// compiler compiles the selection of one root field into a plan. All values of clients become arguments of the statement.
type compiler struct {
	ctx      context.Context
	oc       *graphql.OperationContext
	viewer   *viewer.Viewer // has the role; its guid is a placeholder
	entities map[string]*entity
	// needed has the variables and filters of the operation.
	needed *variables
	plan   *plan
}

// compile compiles a root field for all viewers of a role.
func (r *Reader) compile(ctx context.Context, oc *graphql.OperationContext, f graphql.CollectedField, v *viewer.Viewer, needed *variables) (*plan, error) {
	forRole := *v
	forRole.ID = r.viewerPlaceholder
	c := &compiler{
		ctx: viewer.NewContext(ctx, &forRole), oc: oc, viewer: &forRole, entities: r.entities, needed: needed,
		plan: &plan{root: &level{}, statements: map[int]statement{}},
	}
	s := &steps{owner: c.plan.root}
	if err := c.rootField(s, f); err != nil {
		return nil, err
	}
	c.plan.root.steps = s.end()
	if len(c.plan.root.below) == 0 {
		// Nothing that needs rows is selected.
		return nil, errNotCovered
	}
	c.plan.dialect = r.store.Dialect()
	if c.plan.dialect != dialect.Postgres {
		c.plan.prepareMerge()
	}
	for _, l := range c.plan.levels {
		c.plan.uuids, c.plan.texts = max(c.plan.uuids, l.uuids), max(c.plan.texts, l.texts)
	}
	if c.plan.statement(1).selects > maxSelects {
		return nil, errNotCovered
	}
	c.plan.viewerDependent = slices.Contains(c.plan.statement(1).args, any(r.viewerPlaceholder))
	return c.plan, nil
}

// rootField compiles a field that finds one row by its guid, or a connection of all rows.
func (c *compiler) rootField(s *steps, f graphql.CollectedField) error {
	typ := f.Definition.Type
	if e, ok := connected(c.entities, typ.Name()); ok {
		return c.connection(s, e, f, all())
	}
	e, ok := c.entities[typ.Name()]
	if !ok || len(f.Arguments) != 1 || f.Arguments[0].Name != "id" {
		return errNotCovered
	}
	c.plan.guid = f.Arguments[0].Value
	l := c.level(e, all())
	l.id()
	s.below(step{op: opObject, level: l, required: true})
	return c.fill(l, f.Selections)
}

// connected returns the entity of a connection type.
func connected(entities map[string]*entity, name string) (*entity, bool) {
	const suffix = "Connection"
	if len(name) <= len(suffix) || name[len(name)-len(suffix):] != suffix {
		return nil, false
	}
	e, ok := entities[name[:len(name)-len(suffix)]]
	return e, ok
}

func from(t *sql.SelectTable) *sql.Selector {
	return sql.Dialect(t.Dialect()).Select().From(t)
}

// all selects all rows of a table.
func all() source {
	return source{rows: func(t, _ *sql.SelectTable) *sql.Selector { return from(t) }}
}

// level adds a level of the rows of e that the viewer may see.
func (c *compiler) level(e *entity, rows source) *level {
	l := &level{tag: len(c.plan.levels), entity: e, slots: map[string]slot{}}
	l.source = rows.narrowed(func(found *sql.Selector, _ *sql.SelectTable) { e.visible(c.viewer, found) })
	c.plan.levels = append(c.plan.levels, l)
	return l
}

// object adds an object, or null if there is no row.
func (c *compiler) object(s *steps, e *entity, f graphql.CollectedField, required bool, rows source) error {
	l := c.level(e, rows)
	s.below(step{op: opObject, level: l, required: required})
	return c.fill(l, f.Selections)
}

// fill compiles the selection of a level.
func (c *compiler) fill(l *level, set ast.SelectionSet) error {
	own := &steps{owner: l}
	if err := c.fields(own, set); err != nil {
		return err
	}
	l.steps = own.end()
	return nil
}

// fields adds a JSON object with the selected fields of the owner's row.
func (c *compiler) fields(s *steps, set ast.SelectionSet) error {
	e := s.owner.entity
	return c.members(s, set, []string{e.Name, "Node"}, func(f graphql.CollectedField) error {
		if field, ok := e.Fields[f.Name]; ok {
			return c.field(s, field)
		}
		if edge, ok := e.Edges[f.Name]; ok {
			return c.edge(s, edge, f)
		}
		if f.Name == "serialized" {
			return c.serialized(s, f)
		}
		return c.derived(s, f)
	})
}

// members adds a JSON object with a member for each selected field.
func (c *compiler) members(s *steps, set ast.SelectionSet, types []string, value func(graphql.CollectedField) error) error {
	s.text("{")
	for i, f := range graphql.CollectFields(c.oc, set, types) {
		// GraphQL names need no escaping in JSON.
		s.text(separator(i) + `"` + f.Alias + `":`)
		if f.Name == "__typename" {
			s.text(`"` + types[0] + `"`)
			continue
		}
		if err := value(f); err != nil {
			return err
		}
	}
	s.text("}")
	return nil
}

func separator(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// field adds a value of the row. JSON objects are not covered: the ordinary path formats their numbers.
func (c *compiler) field(s *steps, f ent.EntityField) error {
	if f.Kind == ent.KindJSON {
		return errNotCovered
	}
	how := map[ent.Kind]op{
		ent.KindText: opText, ent.KindUUID: opUUID, ent.KindTime: opTime,
		ent.KindNumber: opRaw, ent.KindBool: opRaw,
	}[f.Kind]
	s.value(how, s.owner.plain(f.Column, f.Kind))
	return nil
}

// edge adds the rows at the other end of an edge.
func (c *compiler) edge(s *steps, edge ent.EntityEdge, f graphql.CollectedField) error {
	to, ok := c.entities[edge.To]
	if !ok || !edge.Unique && !edge.Connection {
		return errNotCovered
	}
	rows := sourceOf(edge)
	s.owner.plain(rows.key, ent.KindUUID)
	if edge.Unique {
		return c.object(s, to, f, f.Definition.Type.NonNull, rows)
	}
	return c.connection(s, to, f, rows)
}

// sourceOf returns the source of the rows at the other end of an edge.
func sourceOf(edge ent.EntityEdge) source {
	return source{
		rows: func(t, above *sql.SelectTable) *sql.Selector { return neighbours(edge, t, above) },
		key:  cmp.Or(edge.Own, "id"), disjoint: edge.Other != "",
	}
}

// neighbours selects the rows at the other end of an edge.
func neighbours(edge ent.EntityEdge, t, above *sql.SelectTable) *sql.Selector {
	s := from(t)
	switch {
	case edge.Link != "":
		link := sql.Dialect(t.Dialect()).Table(edge.Link).As("link")
		return s.Join(link).On(link.C(edge.Target), t.C("id")).Where(sql.ColumnsEQ(link.C(edge.From), above.C("id")))
	case edge.Own != "":
		return s.Where(sql.ColumnsEQ(t.C("id"), above.C(edge.Own)))
	default:
		return s.Where(sql.ColumnsEQ(t.C(edge.Other), above.C("id")))
	}
}

// derived adds the fields that are computed from a customer's capacity units.
func (c *compiler) derived(s *steps, f graphql.CollectedField) error {
	if s.owner.entity.Name != "Customer" {
		return errNotCovered
	}
	switch f.Name {
	case "capacityAvailable":
		return c.units(s, f, capacityunit.KindAVAILABLE)
	case "capacityConsumed":
		return c.units(s, f, capacityunit.KindCONSUMED)
	case "capacityBalance":
		return c.balance(s, f)
	}
	return errNotCovered
}

// parseGUID parses a guid in the form of the scalar ID.
func parseGUID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.Nil, errInvalidValue
	}
	return id, nil
}
