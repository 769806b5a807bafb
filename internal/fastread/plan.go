package fastread

import (
	"slices"
	"sync"
	"sync/atomic"

	"entgo.io/ent/dialect/sql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
)

// plan is a compiled root field: what its statement reads and how the answer is
// written from the rows. It is the same for every viewer of one role and for
// every guid and cursor, which are parameters of it.
type plan struct {
	root *level // has no row of its own
	// guid is how the one row below the root is found, nil where it is a
	// connection. One statement can answer for several guids.
	guid *ast.Value
	// viewerDependent says that the statement depends on who asks, beyond the role.
	viewerDependent bool
	// usual is how long an answer was the last time, in bytes.
	usual atomic.Int64
	// cursors are the variables that are cursors.
	cursors []string

	dialect      string
	levels       []*level // by their tags
	uuids, texts int      // how many values of either kind the widest row has

	mu         sync.Mutex
	statements map[int]statement // by the number of guids there is room for
}

// statement is SQL with its arguments, params among them.
type statement struct {
	query string
	args  []any
	// selects is how many SELECTs it has, counted on SQLite only.
	selects int
}

// level is one kind of rows of a plan. The rows of a statement come depth first:
// each is followed by the rows of the levels below it, one level after another.
type level struct {
	tag    int
	entity *entity
	steps  []step
	below  []*level // in the order in which their rows come

	columns      []column
	slots        map[string]slot
	uuids, texts int

	source
	page page
	// order is that in which its rows are shown, empty where there is one at most.
	order []ordering
	// group is the column whose equal values make one row, "" for none.
	group string
	// What merge.go goes by: the level above, nil right below the root, where the
	// row above has the key, and what rows are sorted by.
	above   *level
	keySlot slot
	sorted  []slot
	// late are the values that are written after rows of the levels below.
	late []slot
	// positions says that the positions of its rows are asked for.
	positions bool
	// counts says that its only row is the number of rows there are, exists that
	// it is whether there are any.
	counts, exists bool
	// most is how many rows are counted at most, 0 for all. reaches says that the
	// row tells whether there are so many, not how many.
	most    int
	reaches bool
}

// source is where the rows of a level come from.
type source struct {
	// rows are the rows, given the row above.
	rows func(t, above *sql.SelectTable) *sql.Selector
	// key is the column of the row above that they depend on, "" right below the
	// root.
	key string
	// disjoint says that no row belongs to two rows above.
	disjoint bool
}

// narrowed is the same source with fewer rows.
func (s source) narrowed(narrow func(found *sql.Selector, t *sql.SelectTable)) source {
	all := s.rows
	s.rows = func(t, above *sql.SelectTable) *sql.Selector {
		found := all(t, above)
		narrow(found, t)
		return found
	}
	return s
}

// page is which part of a list is asked for.
type page struct {
	first, last int    // 0 for not given; both are 0 where all rows are read
	extra       bool   // one row more is read, which shows whether there are others
	list        uint32 // the list in the positions of its rows
	order       []slot // the values that positions have, up to two, in a list that has an order
	moment      bool   // the last of them is a moment
}

// fromEnd reports whether rows are read from the end of the list. The extra row
// comes first then.
func (p page) fromEnd() bool { return p.first == 0 && p.last > 0 }

// limit is how many rows are read, 0 for all.
func (p page) limit() int {
	n := p.first
	if p.fromEnd() {
		n = p.last
	}
	if p.extra {
		n++
	}
	return n
}

// column is a value of a row: a column of the table, or a difference of sums.
type column struct {
	slot slot
	name string
	kind ent.Kind
	// difference are kinds of capacity units, whose amounts are added up, those of
	// the second taken from those of the first; nil for a column of the table.
	difference []capacityunit.Kind
}

// ordering is a column that rows are ordered by.
type ordering struct {
	column string
	kind   ent.Kind
	desc   bool
}

// reading is the order in which rows are read: from its end, where a page is
// counted from there.
func (l *level) reading() []ordering {
	if !l.page.fromEnd() {
		return l.order
	}
	turned := slices.Clone(l.order)
	for i := range turned {
		turned[i].desc = !turned[i].desc
	}
	return turned
}

// slot is where in a row a value stands. There are two kinds of values, because
// the parts of a UNION must agree on types, and both come as text.
type slot struct {
	uuid bool
	n    int
}

// op is what a step writes.
type op int

const (
	opNothing  op = iota
	opText        // a text, quoted
	opRaw         // a number
	opSum         // a sum, quoted
	opUUID        // a guid
	opMoment      // a moment, in RFC 3339 form
	opCursor      // the position of the row
	opList        // the rows of a level, as a list
	opHold        // the same, but kept for a later opHeld
	opHeld        // what opHold has kept
	opObject      // the row of a level, or null
	opCount       // the number in the row of a level
	opNext        // whether rows follow those of a level
	opPrevious    // whether rows precede those of a level
	opStart       // the position of the first row of a level
	opEnd         // the position of the last row of a level
	opMark        // nothing: what follows is what a document is made of
	opDocument    // a document, as text, in the place of what it is made of
)

// step writes one thing, after the text before it.
type step struct {
	before   string
	op       op
	slot     slot
	late     bool // the value was saved before the rows below were read
	required bool // nothing there is no answer
	level    *level
	// beyond is the level whose row says whether a cursor has cut rows off, nil
	// for opNext and opPrevious where no cursor does.
	beyond *level
	// write makes the document of opDocument.
	write func(selected []byte) (string, error)
}
