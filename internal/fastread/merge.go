package fastread

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"io"
	"slices"

	"cloudapi/internal/budget"
)

// merged returns the rows of an SQLite statement, which arrive level by level, in depth-first order.
type merged struct {
	plan   *plan
	levels []map[string][]row // by the keys of the rows above
	stack  []frame
}

// row is a row without its key.
type row []driver.Value

// frame is the position of the traversal: a row, its remaining lower levels, and the remaining rows of the current level.
type frame struct {
	above row
	below []*level // remaining
	level *level
	rows  []row
}

// merge reads all rows. Their memory counts against the budget of the operation.
func merge(p *plan, rows driver.Rows, b *budget.Budget) (*merged, error) {
	m := &merged{plan: p, levels: make([]map[string][]row, len(p.levels))}
	for i := range m.levels {
		m.levels[i] = map[string][]row{}
	}
	width := 1 + p.uuids + p.texts
	values := make([]driver.Value, width+1)
	var slab []driver.Value
	for {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(slab) < width {
			slab = make([]driver.Value, 16*width)
		}
		r := row(slab[:width:width])
		slab = slab[width:]
		r[0] = values[0]
		copy(r[1:], values[2:])
		if err := b.Draw(0, 0, held(r)); err != nil {
			return nil, err
		}
		tag, _ := values[0].(int64)
		key, _ := values[1].(string)
		m.levels[tag][key] = append(m.levels[tag][key], r)
	}
	for _, l := range p.levels {
		m.sort(l)
	}
	m.stack = append(m.stack, frame{below: p.root.below})
	return m, nil
}

// held returns the memory of a row, in bytes.
func held(r row) int {
	n := 32 * len(r)
	for _, v := range r {
		if text, ok := v.(string); ok {
			n += len(text)
		}
	}
	return n
}

// sort sorts the rows of each key.
func (m *merged) sort(l *level) {
	if len(l.order) == 0 {
		return
	}
	compare := func(a, b row) int {
		for i, o := range l.order {
			c := compareValues(m.value(a, l.sorted[i]), m.value(b, l.sorted[i]))
			if o.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	}
	for _, rows := range m.levels[l.tag] {
		slices.SortStableFunc(rows, compare)
	}
}

// compareValues compares like SQLite: numbers, or the bytes of texts.
func compareValues(a, b driver.Value) int {
	if number, ok := a.(int64); ok {
		other, _ := b.(int64)
		return cmp.Compare(number, other)
	}
	text, _ := a.(string)
	other, _ := b.(string)
	return cmp.Compare(text, other)
}

func (m *merged) value(r row, at slot) driver.Value {
	if at.uuid {
		return r[1+at.n]
	}
	return r[1+m.plan.uuids+at.n]
}

// Next returns the next row, depth first.
func (m *merged) Next(dest []driver.Value) error {
	for len(m.stack) > 0 {
		f := &m.stack[len(m.stack)-1]
		switch {
		case len(f.rows) > 0:
			r, l := f.rows[0], f.level
			f.rows = f.rows[1:]
			copy(dest, r)
			if len(l.below) > 0 {
				m.stack = append(m.stack, frame{above: r, below: l.below})
			}
			return nil
		case len(f.below) > 0:
			f.level, f.below = f.below[0], f.below[1:]
			f.rows = m.belonging(f.level, f.above)
		default:
			m.stack = m.stack[:len(m.stack)-1]
		}
	}
	return io.EOF
}

// belonging returns the rows of a level that belong to the row above.
func (m *merged) belonging(l *level, above row) []row {
	if above == nil {
		return m.levels[l.tag][""]
	}
	key, ok := m.value(above, l.keySlot).(string)
	if !ok {
		return nil
	}
	return m.levels[l.tag][key]
}
