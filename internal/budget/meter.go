package budget

import "cmp"

// Meter counts for one goroutine that writes an answer of one or several
// operations. It draws on their budgets now and then, so that a row costs next
// to nothing.
type Meter struct {
	budgets []*Budget
	rows    int
	drawn   int // bytes of the answer that are drawn
	total   int // objects that are drawn
}

// Begin begins an answer, for no operation yet.
func (m *Meter) Begin() { *m = Meter{budgets: m.budgets[:0]} }

// Add adds an operation that is to get the answer.
func (m *Meter) Add(b *Budget) {
	if b != nil {
		m.budgets = append(m.budgets, b)
	}
}

const (
	everyRows  = 256
	everyBytes = 32 << 10
)

// Row counts a row of an answer that has so many bytes by now.
func (m *Meter) Row(size int) error {
	if m.rows++; m.rows < everyRows && size-m.drawn < everyBytes {
		return nil
	}
	return m.Draw(size)
}

// Draw draws what was counted since the last time.
func (m *Meter) Draw(size int) error {
	rows, bytes := m.rows, max(0, size-m.drawn)
	m.rows, m.total = 0, m.total+rows
	m.drawn += bytes
	var failed error
	for _, b := range m.budgets {
		failed = cmp.Or(failed, b.Draw(rows, bytes, buffered(bytes)))
	}
	return failed
}

// buffered is what an answer takes that is written into a buffer, which has room
// for more, is copied when it grows, and is copied once more to be sent.
func buffered(bytes int) int { return bytes * 5 / 2 }

// Discard gives back what was drawn for an answer that is thrown away.
func (m *Meter) Discard() {
	for _, b := range m.budgets {
		b.refund(int64(m.total), int64(m.drawn), int64(buffered(m.drawn)))
	}
	m.total, m.drawn, m.rows = 0, 0, 0
}
