// Package limit bounds what one operation may request and how much a caller may spend in a time. All checks take linear time
// in the size of the input, and most run before validation, because some validation rules take quadratic time.
//
// The order of the checks:
//
//  1. Source: the text, with the lexer alone. Tokens, names, and numbers whose range later steps rely on.
//  2. Document: the parsed document. Depth, aliases, directives, operations.
//  3. Price: with the variables. The size of the inputs and the number of objects that the operation may read.
//  4. Rate: whether the caller may spend that now.
package limit

import (
	"cmp"
	"math"

	"cloudapi/internal/fault"
)

// Limits bounds one operation. A zero means the default, which each comment gives.
type Limits struct {
	Tokens     int // in a document, including comments: 2,000
	Name       int // bytes of a name; an alias is repeated in each object of an answer: 128
	Depth      int // nested fields: 15
	Aliases    int // in an operation; a fragment counts each time it is spread: 50
	Directives int // in an operation; a fragment counts each time it is spread: 50
	Operations int // in a document: 20
	Variables  int // declared by an operation: 100
	Values     int // in one argument of a field, including its variables: 2,000
	InputDepth int // nested lists and objects in an argument: 15
	Cost       int // objects that an operation may read: 1,000,000
	Errors     int // in an answer: 20
}

// OrDefault returns the limits with each zero replaced by the default.
func (l Limits) OrDefault() Limits {
	return Limits{
		Tokens:     cmp.Or(l.Tokens, 2000),
		Name:       cmp.Or(l.Name, 128),
		Depth:      cmp.Or(l.Depth, 15),
		Aliases:    cmp.Or(l.Aliases, 50),
		Directives: cmp.Or(l.Directives, 50),
		Operations: cmp.Or(l.Operations, 20),
		Variables:  cmp.Or(l.Variables, 100),
		Values:     cmp.Or(l.Values, 2000),
		InputDepth: cmp.Or(l.InputDepth, 15),
		Cost:       cmp.Or(l.Cost, 1_000_000),
		Errors:     cmp.Or(l.Errors, 20),
	}
}

// Unbounded returns limits that every document meets.
func Unbounded() Limits {
	const unlimited = math.MaxInt32
	return Limits{
		Tokens: unlimited, Name: unlimited, Depth: unlimited, Aliases: unlimited, Directives: unlimited, Operations: unlimited,
		Variables: unlimited, Values: unlimited, InputDepth: unlimited, Cost: unlimited, Errors: unlimited,
	}
}

// limitExceeded returns the fault for an exceeded limit, with the limit and the requested amount in the message and in the
// extensions.
func limitExceeded(name, has string, limit, requested int) error {
	return fault.New(fault.TooLarge, "The %s; at most %d are allowed", has, limit).
		With("limit", name).With("max", limit).With("asked", requested)
}
