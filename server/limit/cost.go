package limit

import (
	"bytes"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
)

// Cost is the cost of an operation; the unit is one object read.
type Cost struct {
	// Requested is the maximum number of objects that the operation reads: pages count with their requested size, filters by
	// their conditions.
	Requested int
	// fixed is the part that does not depend on the number of objects.
	fixed int
	// Memory is the size of the inputs in memory, in bytes.
	Memory int
	// Text is the size of the texts of the inputs, in bytes. A text of a variable counts each time it is used.
	Text int
}

// objectBytes is the size of a typical object in an answer, in bytes.
const objectBytes = 1 << 10

// Actual returns what the operation has cost, computed from its answer and from what was counted during execution. Most
// pages are not full, and lists without pages may be longer than estimated.
func (c Cost) Actual(data []byte, objects, size int) int {
	return max(1, c.fixed+max(bytes.Count(data, []byte("{")), objects, size/objectBytes))
}

// Plus adds a price that does not depend on the number of objects.
func (c Cost) Plus(price int) Cost {
	c.Requested += price
	c.fixed += price
	return c
}

// Price estimates the cost of a validated operation with its variables, and rejects one that costs too much.
func (l Limits) Price(p *CostModel, op *ast.OperationDefinition, variables map[string]any) (Cost, error) {
	b := &costVisitor{
		model: p, inputs: inputs{schema: p.schema, variables: variables, sizes: map[string]size{}},
		limits: l, seen: map[spread]int{},
	}
	sum := b.selections(op.SelectionSet, 1)
	c := Cost{Requested: max(1, toObjects(sum)), fixed: toObjects(min(b.fixed, sum)), Memory: b.memory, Text: b.text}
	if b.err != nil {
		return c, b.err
	}
	if c.Requested > l.Cost {
		return c, fault.New(fault.TooLarge,
			"The operation may have to read %d objects; at most %d are allowed: ask for smaller pages", c.Requested, l.Cost).
			With("limit", "cost").With("max", l.Cost).With("asked", c.Requested)
	}
	return c, nil
}

func toObjects(tenths int) int { return (tenths + object - 1) / object }

// costVisitor adds up the cost of an operation, in tenths of an object.
type costVisitor struct {
	model        *CostModel
	inputs       inputs
	limits       Limits
	fixed        int
	memory       int
	text         int
	inputEntries int // entries in the input of the change whose payload is priced
	seen         map[spread]int
	err          error
}

// spread is a fragment on a page, or in a change, with that many entries: it is priced once.
type spread struct {
	name                  string
	entries, inputEntries int
}

// selections returns the price of selections; entries is the page size if they are the selections of a connection.
func (b *costVisitor) selections(set ast.SelectionSet, entries int) int {
	sum := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if b.inputs.included(s.Directives) {
				sum = add(sum, b.field(s, entries))
			}
		case *ast.InlineFragment:
			if b.inputs.included(s.Directives) {
				sum = add(sum, b.selections(s.SelectionSet, entries))
			}
		case *ast.FragmentSpread:
			if b.inputs.included(s.Directives) {
				sum = add(sum, b.fragment(s, entries))
			}
		}
	}
	return sum
}

func (b *costVisitor) fragment(s *ast.FragmentSpread, entries int) int {
	key := spread{s.Name, entries, b.inputEntries}
	sum, ok := b.seen[key]
	if !ok && s.Definition != nil {
		sum = b.selections(s.Definition.SelectionSet, entries)
		b.seen[key] = sum
	}
	return sum
}

func (b *costVisitor) field(f *ast.Field, entries int) int {
	input := b.arguments(f)
	if len(f.SelectionSet) == 0 {
		return add(input, b.leaf(f))
	}
	return add(input, b.parent(f, entries))
}

// parent prices a field with selections.
func (b *costVisitor) parent(f *ast.Field, entries int) int {
	p, paged := b.model.pages[f.Definition]
	switch {
	case f.Name == "__schema":
		return b.fixedCost(introspection)
	case strings.HasPrefix(f.Name, "__"):
		return b.fixedCost(computed)
	case paged && isList(f.Definition):
		return add(b.fixedCost(b.scan(f)/10), times(b.inputs.page(f, p), add(object, b.selections(f.SelectionSet, 1))))
	case paged:
		return add(object, b.selections(f.SelectionSet, b.inputs.page(f, p)))
	case isTotal(f):
		return add(b.fixedCost(total), times(estimatedEntries, add(object, b.selections(f.SelectionSet, 1))))
	case isConnection(f.ObjectDefinition) && isList(f.Definition):
		// The object of an edge is counted with its node.
		each := b.selections(f.SelectionSet, 1)
		if !strings.HasSuffix(f.Definition.Type.Name(), "Edge") {
			each = add(each, object)
		}
		return times(entries, each)
	case isTree(f):
		return times(treeEntries, add(object, b.selections(f.SelectionSet, 1)))
	case isPayload(f.ObjectDefinition) && isList(f.Definition):
		return times(max(b.inputEntries, estimatedEntries), add(object, b.selections(f.SelectionSet, 1)))
	case isList(f.Definition):
		return times(b.inputs.entries(f), add(object, b.selections(f.SelectionSet, 1)))
	case isChange(f):
		return b.change(f)
	}
	return add(object, b.selections(f.SelectionSet, 1))
}

// change prices a mutation with its payload. Each entry of its input counts as a change too.
func (b *costVisitor) change(f *ast.Field) int {
	b.inputEntries = 0
	for _, a := range f.Arguments {
		b.inputEntries += b.inputs.value(a.Value).entries
	}
	price := add(b.fixedCost(change), b.fixedCost(times(b.inputEntries, partOfChange)))
	return add(price, add(object, b.selections(f.SelectionSet, 1)))
}

func isChange(f *ast.Field) bool {
	return f.ObjectDefinition != nil && f.ObjectDefinition.Name == "Mutation"
}

// fixedCost adds a price that does not depend on the data.
func (b *costVisitor) fixedCost(price int) int {
	b.fixed = add(b.fixed, price)
	return price
}

func (b *costVisitor) leaf(f *ast.Field) int {
	if takesStatement(f) {
		return b.fixedCost(statement)
	}
	if f.Definition != nil && (len(f.Definition.Arguments) > 0 || isConnection(f.ObjectDefinition)) && f.Name != "__typename" {
		return b.fixedCost(computed)
	}
	return 1
}

// scan prices a condition that must check each row: of the whole table for a root field, of one object's rows otherwise.
func (b *costVisitor) scan(f *ast.Field) int {
	if f.ObjectDefinition == b.model.schema.Query {
		return scanTable
	}
	return joinCondition
}

// arguments prices the arguments of a field, and rejects those that are too large.
func (b *costVisitor) arguments(f *ast.Field) int {
	price := 0
	for _, a := range f.Arguments {
		s := b.inputs.value(a.Value)
		if err := b.limits.input("argument "+a.Name, s, isChange(f)); err != nil && b.err == nil {
			b.err = err
		}
		b.memory = add(b.memory, s.memory)
		b.text = add(b.text, s.text)
		if s.depth > 0 {
			price = add(price, s.values)
			price = add(price, times(s.joins, joinCondition))
			price = add(price, times(s.scans, b.scan(f)))
			price = add(price, times(s.plain, condition))
		}
	}
	return b.fixedCost(price)
}
