// Package limit bounds what one operation may ask for and how much a caller may
// ask in a time. Everything in it is linear in the size of what it looks at,
// and most of it looks before anything is validated: some of the rules of
// validation grow with the square of a document.
//
// The order in which an engine asks:
//
//  1. Source: the text, by the lexer alone. Tokens, names, and numbers that
//     later steps take for granted to fit.
//  2. Document: what was parsed. Depth, aliases, directives, operations.
//  3. Price: with the variables in their places, how large the inputs are and
//     how many objects the operation may have to read.
//  4. Rate: whether the caller may spend that now.
package limit

import (
	"cmp"
	"math"

	"cloudapi/internal/fault"
)

// Limits bound what one operation may ask for. A zero means the default.
type Limits struct {
	Tokens     int // of a document, its comments included: 2,000
	Name       int // bytes of a name in a document; an alias is repeated in each object of an answer: 128
	Depth      int // of nested fields: 15
	Aliases    int // in an operation, fragments included wherever they are spread: 50
	Directives int // likewise: 50
	Operations int // in a document: 20
	Variables  int // that an operation declares: 100
	Values     int // in one argument of a field, its variables included: 2,000
	InputDepth int // of nested lists and objects in an argument: 15
	Cost       int // objects that an operation may have to read: 1,000,000
	Errors     int // in an answer: 5
}

// OrDefault returns the limits with defaults in the place of zeros.
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
		Errors:     cmp.Or(l.Errors, 5),
	}
}

// Unbounded returns limits that no document passes.
func Unbounded() Limits {
	const most = math.MaxInt32
	return Limits{
		Tokens: most, Name: most, Depth: most, Aliases: most, Directives: most, Operations: most,
		Variables: most, Values: most, InputDepth: most, Cost: most, Errors: most,
	}
}

// over says which limit was passed, its value and what was asked, in words and
// for programs.
func over(name, has string, limit, asked int) error {
	return fault.New(fault.TooLarge, "The %s; at most %d are allowed", has, limit).
		With("limit", name).With("max", limit).With("asked", asked)
}
