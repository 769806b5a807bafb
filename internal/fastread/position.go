package fastread

import (
	"bytes"
	"database/sql/driver"
	"strconv"
	"time"

	"cloudapi/ent"
)

// cursorPosition is where a row stands in its list.
type cursorPosition struct {
	id    [36]byte
	value driver.Value
}

// here is the position of the row at hand.
func (w *writer) here(l *level) (at cursorPosition) {
	copy(at.id[:], bytesOf(w.uuids[l.id().n]))
	if l.page.ordered {
		at.value = w.texts[l.page.order.n]
	}
	return at
}

// cursorPosition writes the position of the row, or of the one that is behind.
func (w *writer) position(s *step, l *level) error {
	if !s.late {
		return w.appendPosition(w.here(l), l)
	}
	st := &w.states[l.tag]
	at := cursorPosition{}
	copy(at.id[:], st.uuids[l.id().n])
	if l.page.ordered {
		at.value = st.texts[l.page.order.n]
	}
	return w.appendPosition(at, l)
}

// appendPosition writes a position as ent does.
func (w *writer) appendPosition(at cursorPosition, l *level) error {
	id, err := idOf(at.id[:])
	if err != nil {
		return err
	}
	c := ent.Cursor{ID: id}
	if l.page.ordered {
		text := string(bytesOf(at.value))
		c.Value = text
		if l.page.moment {
			moment, err := time.Parse("2006-01-02 15:04:05.999999-07", text)
			if err != nil {
				return err
			}
			c.Value = moment.UTC()
		}
	}
	var b bytes.Buffer
	c.MarshalGQL(&b)
	w.out = append(w.out, b.Bytes()...)
	return nil
}

// pageInfo writes where a page stands in its list.
func (w *writer) pageInfo(s *step) error {
	l, st := s.level, &w.states[s.level.tag]
	switch {
	case s.op == opNext:
		w.out = strconv.AppendBool(w.out, l.page.before || st.more && !l.page.fromEnd)
	case s.op == opPrevious:
		w.out = strconv.AppendBool(w.out, l.page.after || st.more && l.page.fromEnd)
	case st.shown == 0:
		w.out = append(w.out, "null"...)
	case s.op == opStart:
		return w.appendPosition(st.positions[0], l)
	default:
		return w.appendPosition(st.positions[st.shown-1], l)
	}
	return nil
}
