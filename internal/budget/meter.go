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

// NewMeter returns a meter of the operations that are to get an answer. Those
// without a budget are not counted.
func NewMeter(budgets ...*Budget) *Meter {
	m := &Meter{}
	m.For(budgets...)
	return m
}

// For begins the answer to other operations.
func (m *Meter) For(budgets ...*Budget) {
	*m = Meter{budgets: m.budgets[:0]}
	for _, b := range budgets {
		if b != nil {
			m.budgets = append(m.budgets, b)
		}
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
		// The buffer has room for more, and is copied when it grows.
		failed = cmp.Or(failed, b.Draw(rows, bytes, 2*bytes))
	}
	return failed
}

// Discard gives back what was drawn for an answer that is thrown away.
func (m *Meter) Discard() {
	for _, b := range m.budgets {
		b.refund(int64(m.total), int64(m.drawn), 2*int64(m.drawn))
	}
	m.total, m.drawn, m.rows = 0, 0, 0
}
