package main

import (
	"context"
	"fmt"
	"strings"
)

// figure is a number that is compared with a goal, not with another program.
type figure struct {
	key   string
	title string
	// measure measures it once; least means that lower is better.
	measure func(context.Context) (reading, error)
	unit    string
	goalAt  float64
	least   bool
}

// reading is one measurement.
type reading struct {
	value float64
	// note has additional measurements.
	note string
}

// figures returns the requested figures.
func (b *bed) figures(o options) []figure {
	var all []figure
	for _, f := range []figure{
		{key: "import", title: "import into PostgreSQL, customers with 6 units", unit: "customers/s", goalAt: 5000, measure: b.importPostgres},
		{key: "import", title: "import into SQLite, customers with 6 units", unit: "customers/s", goalAt: 2500, measure: b.importSQLite},
		{key: "fanout", title: "a change at all of 1,000 subscribers", unit: "ms", goalAt: 500, least: true, measure: b.fanOut},
		{key: "idle", title: "memory for each idle subscriber", unit: "kB", goalAt: 30, least: true, measure: b.idle},
	} {
		if o.wants(f.key) {
			all = append(all, f)
		}
	}
	return all
}

// measureFigures measures each figure in each round, and returns the table.
func (b *bed) measureFigures(ctx context.Context, o options) (string, error) {
	all := b.figures(o)
	if len(all) == 0 {
		return "", nil
	}
	var t strings.Builder
	t.WriteString("| | median | goal | | |\n|---|---|---|---|---|\n")
	for _, f := range all {
		var values []float64
		var last reading
		for round := range o.rounds {
			r, err := f.measure(ctx)
			if err != nil {
				return "", fmt.Errorf("%s: %w", f.key, err)
			}
			say("round %d, %-10s %.1f %s; %s", round+1, f.key, r.value, f.unit, r.note)
			values, last = append(values, r.value), r
		}
		value, reached := median(values), "reached"
		if f.least && value > f.goalAt || !f.least && value < f.goalAt {
			reached = "missed"
		}
		fmt.Fprintf(&t, "| %s | **%s** %s | %s | %s | %s |\n", f.title, number(value), f.unit, number(f.goalAt), reached, last.note)
	}
	return t.String(), nil
}

// number formats a value without insignificant digits.
func number(value float64) string {
	if value < 100 {
		return fmt.Sprintf("%.1f", value)
	}
	return thousands(int(value))
}
