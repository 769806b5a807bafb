package fastread

import (
	"database/sql/driver"
	"fmt"

	"github.com/google/uuid"

	"cloudapi/internal/budget"
)

// writer writes an answer while the rows arrive.
type writer struct {
	*cursor
	out    []byte
	outer  int          // bytes of the answer while out is the buffer of a level
	meter  budget.Meter // counts for the requests that get the answer
	all    []*request
	states []state // by the tags of the levels
	marks  []int   // the beginnings of the inputs of documents
}

// state is the state of a level.
type state struct {
	descended bool // the next row was read; the late values of the row are saved
	// The saved values of the row.
	uuids [][]byte
	texts []driver.Value

	shown                int   // rows on the page
	cutAtStart, cutAtEnd bool  // rows before or after the page were read
	starts               []int // the beginnings of the rows in the answer
	buffered             []byte
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

// begin starts the answer for a guid.
func (w *writer) begin(p *plan, id uuid.UUID) {
	w.out = p.buffer()
	w.meter.Begin()
	for _, q := range w.all {
		if q.guid == id {
			w.meter.Add(q.budget)
		}
	}
}

// end stores the answer for a guid.
func (w *writer) end(p *plan, id uuid.UUID, all map[uuid.UUID][]byte) error {
	if err := w.meter.Draw(len(w.out)); err != nil {
		return err
	}
	all[id] = w.out
	p.lastSize.Store(int64(len(w.out)))
	return nil
}

// next reads a row. It counts as an object of the answer, approximately.
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

// maxReserved is the maximum initial size of an answer's buffer, in bytes.
const maxReserved = 64 << 10

// buffer returns a buffer for an answer that is a little larger than the last one.
func (p *plan) buffer() []byte {
	usual := min(p.lastSize.Load(), maxReserved)
	return make([]byte, 0, usual+usual/8+64)
}

// run executes the steps of a level, nil for the root.
func (w *writer) run(steps []step, l *level) error {
	for i := range steps {
		s := &steps[i]
		w.out = append(w.out, s.before...)
		var err error
		switch s.op {
		case opNothing:
		case opText, opRaw, opSum, opUUID, opTime:
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

// below executes a step that reads rows of a lower level.
func (w *writer) below(s *step, l *level) error {
	if err := w.descend(l); err != nil {
		return err
	}
	switch s.op {
	case opList:
		return w.list(s.level)
	case opBuffer:
		outer, st := w.out, &w.states[s.level.tag]
		w.out, w.outer = st.buffered[:0], w.outer+len(outer)
		err := w.list(s.level)
		st.buffered, w.out, w.outer = w.out, outer, w.outer-len(outer)
		return err
	case opBuffered:
		w.out = append(w.out, w.states[s.level.tag].buffered...)
	case opCount:
		if w.tag != s.level.tag {
			return fmt.Errorf("a row of level %d instead of a count: %w", w.tag, errOrder)
		}
		w.out = appendNumber(w.out, w.texts[0])
		return w.next()
	case opObject:
		if w.tag == s.level.tag {
			return w.object(s.level)
		}
		if s.required {
			// The ordinary path reports the error, or writes null further up.
			return errNotCovered
		}
		w.out = append(w.out, "null"...)
	}
	return nil
}

// descend saves the late values of a row, and reads the next row.
func (w *writer) descend(l *level) error {
	if l == nil || w.states[l.tag].descended {
		return nil
	}
	st := &w.states[l.tag]
	st.descended = true
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
	w.states[l.tag].descended = false
	if err := w.run(l.steps, l); err != nil {
		return err
	}
	return w.descend(l)
}

// list writes the rows of a level, and removes those that are not on the page.
func (w *writer) list(l *level) error {
	st := &w.states[l.tag]
	st.positions, st.starts = st.positions[:0], st.starts[:0]
	w.out = append(w.out, '[')
	for w.tag == l.tag {
		if len(st.starts) > 0 {
			w.out = append(w.out, ',')
		}
		st.starts = append(st.starts, len(w.out))
		if l.positions {
			st.positions = append(st.positions, w.currentPosition(l))
		}
		if err := w.object(l); err != nil {
			return err
		}
	}
	w.cut(l, st)
	w.out = append(w.out, ']')
	return nil
}

// cut removes the rows of a list that are not on its page: first those after it, then those before it. Each row except the first
// begins after a comma.
func (w *writer) cut(l *level, st *state) {
	st.shown = len(st.starts)
	st.cutAtStart, st.cutAtEnd = false, false
	if n := l.page.first; n > 0 && st.shown > n {
		st.cutAtEnd = true
		w.out, st.shown = w.out[:st.starts[n]-1], n
	}
	if n := l.page.last; n > 0 && st.shown > n {
		st.cutAtStart = true
		skipped := st.shown - n
		w.out = append(w.out[:st.starts[0]], w.out[st.starts[skipped]:]...)
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
	case opTime:
		var ok bool
		if w.out, ok = appendTime(w.out, v); !ok {
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
