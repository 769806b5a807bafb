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

// plan is a compiled root field: its statement, and the steps that write the answer from the rows. It serves all viewers of one
// role; guids and cursors are parameters.
type plan struct {
	root *level // has no row of its own
	// guid is the argument that selects the row below the root, nil for a connection. One statement can answer several guids.
	guid *ast.Value
	// viewerDependent means that the statement contains the viewer's guid.
	viewerDependent bool
	// lastSize is the size of the last answer, in bytes.
	lastSize atomic.Int64
	// cursors has the names of the variables that are cursors.
	cursors []string

	dialect      string
	levels       []*level // by tag
	uuids, texts int      // the numbers of slots in a row

	mu         sync.Mutex
	statements map[int]statement // by the maximum number of guids
}

// statement is SQL with its arguments; some of them are params.
type statement struct {
	query string
	args  []any
	// selects is the number of SELECTs, counted only on SQLite.
	selects int
}

// level is one kind of rows in a plan, for example the domains of a customer. Rows arrive depth first: a row is followed by its rows
// of the lower levels, one level after another.
type level struct {
	tag    int
	entity *entity
	steps  []step
	below  []*level // in the order of their rows

	columns      []column
	slots        map[string]slot
	uuids, texts int

	source
	page page
	// order is the order of the rows in the answer, empty if there is at most one.
	order []ordering
	// group is the column of GROUP BY, "" for none.
	group string
	// For merge.go: the level above (nil below the root), the slot of the key in its rows, and the slots that sort the rows.
	above   *level
	keySlot slot
	sorted  []slot
	// late has the slots of values that are written after rows of lower levels.
	late []slot
	// positions means that startCursor or endCursor is selected.
	positions bool
	// counts means that the only row is the number of rows; exists, that it is whether there are any.
	counts, exists bool
	// maxCount limits the counted rows, 0 for no limit. atLeast means that the row is whether there are at least that many.
	maxCount int
	atLeast  bool
}

// source selects the rows of a level.
type source struct {
	// rows returns the statement for the rows that belong to the row above.
	rows func(t, above *sql.SelectTable) *sql.Selector
	// key is the column of the row above that rows refers to, "" below the root.
	key string
	// disjoint means that no row belongs to two rows above.
	disjoint bool
}

// narrowed returns the source with a further condition.
func (s source) narrowed(narrow func(found *sql.Selector, t *sql.SelectTable)) source {
	all := s.rows
	s.rows = func(t, above *sql.SelectTable) *sql.Selector {
		found := all(t, above)
		narrow(found, t)
		return found
	}
	return s
}

// page is the requested part of a list.
type page struct {
	first, last int    // 0 if not given; both are 0 if all rows are read
	extra       bool   // one more row is read, to detect another page
	list        uint32 // the list in the cursors of its rows
	order       []slot // the values in cursors, at most two; empty in the order of guids
	isTime      bool   // the last of them is a time
}

// fromEnd reports whether rows are read from the end of the list. The extra row is then the first.
func (p page) fromEnd() bool { return p.first == 0 && p.last > 0 }

// limit returns the number of rows to read, 0 for all.
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
	// difference has one or two kinds of capacity units: the sum of the amounts of the first, minus that of the second. It is nil for a
	// column of the table.
	difference []capacityunit.Kind
}

// ordering is a column that rows are ordered by.
type ordering struct {
	column string
	kind   ent.Kind
	desc   bool
}

// reading returns the order in which rows are read: reversed for a page that is read from the end.
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

// slot is the position of a value in a row. The parts of a UNION must have the same types, so there are only guids and texts.
type slot struct {
	uuid bool
	n    int
}

// op is the kind of a step.
type op int

const (
	opNothing  op = iota
	opText        // a text, quoted
	opRaw         // a number
	opSum         // a sum, quoted
	opUUID        // a guid
	opTime        // a time, in RFC 3339 form
	opCursor      // the cursor of the row
	opList        // the rows of a level, as a list
	opBuffer      // the same, into the buffer of the level
	opBuffered    // the buffer of the level
	opObject      // the row of a level, or null
	opCount       // the number in the row of a level
	opNext        // whether rows follow those of a level
	opPrevious    // whether rows precede those of a level
	opStart       // the cursor of the first row of a level
	opEnd         // the cursor of the last row of a level
	opMark        // nothing; marks the beginning of the input of a document
	opDocument    // a document, as text, which replaces its input
)

// step writes a text and then one value, list or object.
type step struct {
	before   string
	op       op
	slot     slot
	late     bool // the value was saved before the rows below were read
	required bool // a missing row is an error
	level    *level
	// beyond is the level whose row shows whether rows exist beyond a cursor, for opNext and opPrevious; nil without a cursor.
	beyond *level
	// write returns the document of opDocument.
	write func(selected []byte) (string, error)
}
