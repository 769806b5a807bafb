package fastread

import (
	"database/sql/driver"
	"fmt"

	"github.com/google/uuid"
)

// writer writes an answer while its rows arrive.
type writer struct {
	*cursor
	out    []byte
	states []state // by the tags of the levels
}

// state is what the writer knows of a level.
type state struct {
	left bool // the row is behind, its late values are saved
	// What is saved of the row.
	uuids [][]byte
	texts []driver.Value

	shown     int // rows on the page
	more      bool
	held      []byte
	positions []cursorPosition
}

func newWriter(p *plan, c *cursor) *writer {
	w := &writer{cursor: c, states: make([]state, len(p.levels))}
	for i, l := range p.levels {
		if len(l.late) > 0 {
			w.states[i].uuids, w.states[i].texts = make([][]byte, l.uuids), make([]driver.Value, l.texts)
		}
	}
	return w
}

// answers writes the answer of each guid, or of the one connection.
func (w *writer) answers(p *plan, all map[uuid.UUID][]byte) error {
	w.out = p.room()
	if p.guid == nil {
		if err := w.run(p.root.steps, nil); err != nil {
			return err
		}
		all[uuid.Nil] = w.out
		p.usual.Store(int64(len(w.out)))
		return nil
	}
	for l := p.root.below[0]; w.tag == l.tag; {
		id, err := idOf(w.uuids[l.id().n])
		if err != nil {
			return err
		}
		if err := w.object(l); err != nil {
			return err
		}
		all[id] = w.out
		p.usual.Store(int64(len(w.out)))
		w.out = p.room()
	}
	return nil
}

// room is for an answer that is a little longer than the last one.
func (p *plan) room() []byte {
	usual := p.usual.Load()
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
		case opText, opRaw, opUUID, opMoment:
			err = w.value(s, l)
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
		w.out = st.held[:0]
		err := w.list(s.level)
		st.held, w.out = w.out, outer
		return err
	case opHeld:
		w.out = append(w.out, w.states[s.level.tag].held...)
	case opCount:
		if w.tag != s.level.tag {
			return errNotCovered
		}
		w.out = append(w.out, bytesOf(w.texts[0])...)
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

// list writes the rows of a level. A row that is read only to know that it is
// there is cut off again.
func (w *writer) list(l *level) error {
	st := &w.states[l.tag]
	st.positions, st.more = st.positions[:0], false
	w.out = append(w.out, '[')
	start, second, read := len(w.out), 0, 0
	for ; w.tag == l.tag; read++ {
		mark := len(w.out)
		if read > 0 {
			w.out = append(w.out, ',')
		}
		if read == 1 {
			second = len(w.out)
		}
		if l.positions {
			st.positions = append(st.positions, w.here(l))
		}
		if err := w.object(l); err != nil {
			return err
		}
		if l.page.size > 0 && read == l.page.size && !l.page.fromEnd {
			w.out = w.out[:mark]
		}
	}
	if l.page.size > 0 && read > l.page.size {
		st.more = true
		read--
		switch {
		case !l.positions:
		case l.page.fromEnd:
			st.positions = st.positions[1:]
		default:
			st.positions = st.positions[:read]
		}
		if l.page.fromEnd {
			w.out = append(w.out[:start], w.out[second:]...)
		}
	}
	st.shown = read
	w.out = append(w.out, ']')
	return nil
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
		w.out = append(w.out, text(v)...)
	case opMoment:
		var ok bool
		if w.out, ok = appendMoment(w.out, v); !ok {
			return fmt.Errorf("%q is no moment: %w", v, errNotCovered)
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
