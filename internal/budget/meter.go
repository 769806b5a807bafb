package budget

import "cmp"

// Meter counts for a goroutine that writes an answer for one or more operations. It draws on their budgets only from time to
// time, which makes counting a row cheap.
type Meter struct {
	budgets []*Budget
	rows    int
	drawn   int // bytes of the answer already drawn
	total   int // objects already drawn
}

// Begin starts an answer without operations.
func (m *Meter) Begin() { *m = Meter{budgets: m.budgets[:0]} }

// Add adds an operation that gets the answer.
func (m *Meter) Add(b *Budget) {
	if b != nil {
		m.budgets = append(m.budgets, b)
	}
}

const (
	everyRows  = 256
	everyBytes = 32 << 10
)

// Part counts a row that is no object of the answer, after which the answer has size bytes.
func (m *Meter) Part(size int) error {
	if size-m.drawn < everyBytes {
		return nil
	}
	return m.Draw(size)
}

// Row counts a row after which the answer has size bytes.
func (m *Meter) Row(size int) error {
	if m.rows++; m.rows < everyRows && size-m.drawn < everyBytes {
		return nil
	}
	return m.Draw(size)
}

// Draw draws what was counted since the last call.
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

// buffered returns the memory of an answer in a buffer: the buffer has spare room, is copied when it grows, and is copied
// again to be sent.
func buffered(bytes int) int { return bytes * 5 / 2 }

// Discard returns what was drawn for an answer that is not sent.
func (m *Meter) Discard() {
	for _, b := range m.budgets {
		b.refund(int64(m.total), int64(m.drawn), int64(buffered(m.drawn)))
	}
	m.total, m.drawn, m.rows = 0, 0, 0
}
