package fastread

import (
	"database/sql/driver"
	"fmt"

	"github.com/google/uuid"

	"cloudapi/internal/budget"
)

// writer writes an answer while its rows arrive.
type writer struct {
	*cursor
	out    []byte
	outer  int          // bytes that are written while out is something that is held
	meter  budget.Meter // of the requests that get the answer
	all    []*request
	states []state // by the tags of the levels
	marks  []int   // where documents begin that are being selected
}

// state is what the writer knows of a level.
type state struct {
	left bool // the row is behind, its late values are saved
	// What is saved of the row.
	uuids [][]byte
	texts []driver.Value

	shown                int  // rows on the page
	cutAtStart, cutAtEnd bool // whether rows were read that lie before it, or after it
	begins               []int
	held                 []byte
	positions            []cursorPosition
}

func newWriter(p *plan, c *cursor, all []*request) *writer {
	w := &writer{cursor: c, all: all, states: make([]state, len(p.levels))}
	for i, l := range p.levels {
		if len(l.late) > 0 {
			w.states[i].uuids, w.states[i].texts = make([][]byte, l.uuids), make([]driver.Value, l.texts)
		}
	}
	return w
}

// answers writes the answer of each guid, or of the one connection.
func (w *writer) answers(p *plan, all map[uuid.UUID][]byte) error {
	if p.guid == nil {
		w.begin(p, uuid.Nil)
		if err := w.run(p.root.steps, nil); err != nil {
			return err
		}
		return w.end(p, uuid.Nil, all)
	}
	for l := p.root.below[0]; w.tag == l.tag; {
		id, err := idOf(w.uuids[l.id().n])
		if err != nil {
			return err
		}
		w.begin(p, id)
		if err := w.object(l); err != nil {
			return err
		}
		if err := w.end(p, id, all); err != nil {
			return err
		}
	}
	return nil
}

// begin begins the answer for a guid, which some of the requests get.
func (w *writer) begin(p *plan, id uuid.UUID) {
	w.out = p.room()
	w.meter.Begin()
	for _, q := range w.all {
		if q.guid == id {
			w.meter.Add(q.budget)
		}
	}
}

// end ends the answer for a guid.
func (w *writer) end(p *plan, id uuid.UUID, all map[uuid.UUID][]byte) error {
	if err := w.meter.Draw(len(w.out)); err != nil {
		return err
	}
	all[id] = w.out
	p.usual.Store(int64(len(w.out)))
	return nil
}

// next reads a row, which is an object of the answer, about.
func (w *writer) next() error {
	count := w.meter.Row
	if len(w.marks) > 0 {
		count = w.meter.Part // it is part of a document
	}
	if err := count(w.outer + len(w.out)); err != nil {
		return err
	}
	return w.cursor.next()
}

// mostRoom is how much is reserved for an answer before it is written, in bytes:
// the next one may be short.
const mostRoom = 64 << 10

// room is for an answer that is a little longer than the last one.
func (p *plan) room() []byte {
	usual := min(p.usual.Load(), mostRoom)
	return make([]byte, 0, usual+usual/8+64)
}

// run writes steps; l is the level whose row they are about, nil for the root.
func (w *writer) run(steps []step, l *level) error {
	for i := range steps {
		s := &steps[i]
		w.out = append(w.out, s.before...)
		var err error
		switch s.op {
		case opNothing:
		case opText, opRaw, opSum, opUUID, opMoment:
			err = w.value(s, l)
		case opMark:
			w.marks = append(w.marks, len(w.out))
		case opDocument:
			err = w.document(s)
		case opCursor:
			err = w.position(s, l)
		case opNext, opPrevious, opStart, opEnd:
			err = w.pageInfo(s)
		default:
			err = w.below(s, l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// below writes what needs the rows below, before which the row itself is left.
func (w *writer) below(s *step, l *level) error {
	if err := w.leave(l); err != nil {
		return err
	}
	switch s.op {
	case opList:
		return w.list(s.level)
	case opHold:
		outer, st := w.out, &w.states[s.level.tag]
		w.out, w.outer = st.held[:0], w.outer+len(outer)
		err := w.list(s.level)
		st.held, w.out, w.outer = w.out, outer, w.outer-len(outer)
		return err
	case opHeld:
		w.out = append(w.out, w.states[s.level.tag].held...)
	case opCount:
		if w.tag != s.level.tag {
			return fmt.Errorf("a row of level %d stands where a count should: %w", w.tag, errOrder)
		}
		w.out = appendNumber(w.out, w.texts[0])
		return w.next()
	case opObject:
		if w.tag == s.level.tag {
			return w.object(s.level)
		}
		if s.required {
			// There is an error to be told, or a null further up.
			return errNotCovered
		}
		w.out = append(w.out, "null"...)
	}
	return nil
}

// leave goes on to the rows below a row, and saves what is still needed of it.
func (w *writer) leave(l *level) error {
	if l == nil || w.states[l.tag].left {
		return nil
	}
	st := &w.states[l.tag]
	st.left = true
	for _, at := range l.late {
		if !at.uuid {
			st.texts[at.n] = w.texts[at.n]
		} else if v := w.uuids[at.n]; v == nil {
			st.uuids[at.n] = nil
		} else {
			st.uuids[at.n] = append(st.uuids[at.n][:0], bytesOf(v)...)
		}
	}
	return w.next()
}

func (w *writer) object(l *level) error {
	w.states[l.tag].left = false
	if err := w.run(l.steps, l); err != nil {
		return err
	}
	return w.leave(l)
}

// list writes the rows of a level, and takes out again what is not on the page.
func (w *writer) list(l *level) error {
	st := &w.states[l.tag]
	st.positions, st.begins = st.positions[:0], st.begins[:0]
	w.out = append(w.out, '[')
	for w.tag == l.tag {
		if len(st.begins) > 0 {
			w.out = append(w.out, ',')
		}
		st.begins = append(st.begins, len(w.out))
		if l.positions {
			st.positions = append(st.positions, w.here(l))
		}
		if err := w.object(l); err != nil {
			return err
		}
	}
	w.cut(l, st)
	w.out = append(w.out, ']')
	return nil
}

// cut takes out the rows of a list that are not on its page: first what follows
// it, then what precedes it. A comma stands before each row but the first.
func (w *writer) cut(l *level, st *state) {
	st.shown = len(st.begins)
	st.cutAtStart, st.cutAtEnd = false, false
	if n := l.page.first; n > 0 && st.shown > n {
		st.cutAtEnd = true
		w.out, st.shown = w.out[:st.begins[n]-1], n
	}
	if n := l.page.last; n > 0 && st.shown > n {
		st.cutAtStart = true
		skipped := st.shown - n
		w.out = append(w.out[:st.begins[0]], w.out[st.begins[skipped]:]...)
		st.shown = n
		if l.positions {
			st.positions = st.positions[skipped:]
		}
	}
}

// value writes a value of the row.
func (w *writer) value(s *step, l *level) error {
	v := w.stored(s, l)
	if v == nil {
		w.out = append(w.out, "null"...)
		return nil
	}
	switch text := bytesOf; s.op {
	case opText:
		w.out = appendText(w.out, v)
	case opUUID:
		w.out = append(append(append(w.out, '"'), text(v)...), '"')
	case opRaw:
		w.out = appendNumber(w.out, v)
	case opSum:
		var ok bool
		if w.out, ok = appendSum(w.out, v); !ok {
			return fmt.Errorf("%q is not a sum", v)
		}
	case opMoment:
		var ok bool
		if w.out, ok = appendMoment(w.out, v); !ok {
			return fmt.Errorf("%q is not a time in UTC", v)
		}
	}
	return nil
}

func (w *writer) stored(s *step, l *level) driver.Value {
	switch {
	case !s.late && s.slot.uuid:
		return w.uuids[s.slot.n]
	case !s.late:
		return w.texts[s.slot.n]
	case !s.slot.uuid:
		return w.states[l.tag].texts[s.slot.n]
	case w.states[l.tag].uuids[s.slot.n] == nil:
		return nil
	default:
		return w.states[l.tag].uuids[s.slot.n]
	}
}
