package fastread

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cloudapi/ent"
)

// cursorPosition has the values of a cursor.
type cursorPosition struct {
	id     [36]byte
	values [2]driver.Value
}

// currentPosition returns the position of the current row.
func (w *writer) currentPosition(l *level) (at cursorPosition) {
	copy(at.id[:], bytesOf(w.uuids[l.id().n]))
	for i, order := range l.page.order {
		at.values[i] = w.texts[order.n]
	}
	return at
}

// position writes the cursor of the current row, or of the row whose values were saved.
func (w *writer) position(s *step, l *level) error {
	if !s.late {
		return w.appendPosition(w.currentPosition(l), l)
	}
	st := &w.states[l.tag]
	at := cursorPosition{}
	copy(at.id[:], st.uuids[l.id().n])
	for i, order := range l.page.order {
		at.values[i] = st.texts[order.n]
	}
	return w.appendPosition(at, l)
}

// appendPosition writes a position as a cursor.
func (w *writer) appendPosition(at cursorPosition, l *level) error {
	id, err := idOf(at.id[:])
	if err != nil {
		return err
	}
	p := ent.Position{List: l.page.list}
	if n := len(l.page.order); n > 0 {
		text := string(bytesOf(at.values[n-1]))
		p.Value = text
		if l.page.isTime {
			if p.Value, err = time.Parse("2006-01-02 15:04:05.999999-07", strings.TrimSuffix(text, ":00")); err != nil {
				return err
			}
		}
		if n == 2 {
			p.Value = ent.Pair{First: string(bytesOf(at.values[0])), Second: p.Value}
		}
	}
	w.out = append(append(append(w.out, '"'), ent.EncodeCursor(ent.Cursor{ID: id, Value: p})...), '"')
	return nil
}

// pageInfo writes a field of PageInfo.
func (w *writer) pageInfo(s *step) error {
	l, st := s.level, &w.states[s.level.tag]
	switch {
	case s.op == opNext || s.op == opPrevious:
		found := s.op == opNext && st.cutAtEnd || s.op == opPrevious && st.cutAtStart
		if s.beyond != nil {
			if w.tag != s.beyond.tag {
				return fmt.Errorf("a row of level %d instead of the row about rows beyond a cursor: %w", w.tag, errOrder)
			}
			found = found || string(bytesOf(w.texts[0])) == "true"
			if err := w.next(); err != nil {
				return err
			}
		}
		w.out = strconv.AppendBool(w.out, found)
	case st.shown == 0:
		w.out = append(w.out, "null"...)
	case s.op == opStart:
		return w.appendPosition(st.positions[0], l)
	default:
		return w.appendPosition(st.positions[st.shown-1], l)
	}
	return nil
}
