package ent

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// Kind is the kind of a field's values.
type Kind int

// The kinds of fields.
const (
	KindText Kind = iota
	KindUUID
	KindTime
	KindNumber
	KindBool
	KindJSON
)

// Entity describes a type of schema.graphqls and its table. The code generated from ent/schema returns all of them (see
// Entities).
type Entity struct {
	Name   string
	Table  string
	Fields map[string]EntityField
	Edges  map[string]EntityEdge
	// Where parses the `where` argument of a connection of this type. It returns a function that filters a statement, or nil
	// for an empty filter.
	Where func(ctx context.Context, given any) (func(*sql.Selector), error)
	// Order returns the column for an order of schema.graphqls.
	Order func(name string) (column string, err error)
}

// NodesOf returns the visible rows of a table with the given guids, with the selected fields. A row that is not found is nil.
func (c *Client) NodesOf(ctx context.Context, table string, ids []uuid.UUID) ([]Noder, error) {
	return c.noders(ctx, table, ids)
}

// EntityField is a field and its column.
type EntityField struct {
	Column   string
	Kind     Kind
	Nullable bool
}

// EntityEdge is an edge from one entity to another.
type EntityEdge struct {
	To string
	// Unique: there is at most one neighbour. Connection: the neighbours come as pages. Neither: they come as a list.
	Unique, Connection bool
	// Link is the table between the two, "" for none; From and Target are its columns.
	Link, From, Target string
	// Own is the column of this entity that refers to the other entity. If it is "", Other is the column of the other entity
	// that refers to this one.
	Own, Other string
}
