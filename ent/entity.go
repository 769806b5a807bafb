package ent

import (
	"context"

	"entgo.io/ent/dialect/sql"
)

// Kind is what the values of a field are.
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

// Entity is a type of schema.graphqls as its table has it. The code generated
// from ent/schema makes them (see Entities).
type Entity struct {
	Name   string
	Table  string
	Fields map[string]EntityField
	Edges  map[string]EntityEdge
	// Where reads the argument `where` of a connection of these. What it returns
	// narrows a statement; it is nil for an empty filter.
	Where func(ctx context.Context, given any) (func(*sql.Selector), error)
	// Order returns the column of an order of schema.graphqls.
	Order func(name string) (column string, err error)
}

// EntityField is a field and the column that has it.
type EntityField struct {
	Column   string
	Kind     Kind
	Nullable bool
}

// EntityEdge leads from an entity to another.
type EntityEdge struct {
	To string
	// Unique says that there is one neighbour at most, Connection that there is
	// a page of them; an edge may be neither, and then a list made of it is.
	Unique, Connection bool
	// Link is the table between the two, "" for none; From and Target are its
	// columns.
	Link, From, Target string
	// Own is the column of this entity that refers to the other, "" where Other
	// is the column of the other one that refers to this.
	Own, Other string
}
