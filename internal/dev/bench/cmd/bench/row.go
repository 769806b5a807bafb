package main

import (
	"context"
	"fmt"

	"cloudapi/internal/dev/bench/load"
	"cloudapi/internal/dev/bench/process"
)

// row is a line of the table: the server, and what it is compared with.
type row struct {
	key   string
	title string
	goal  float64 // for the ratio of the first subject to the second
	// subjects are at least two: the server, and the first one that it is compared with.
	subjects []subject
	// same means that the answers must be equal for each request.
	same bool
	// undo deletes what its subjects have changed; it may be nil.
	undo func(context.Context) error
}

// subject is a program that gets requests.
type subject struct {
	name     string
	target   *process.Program
	requests []load.Request
}

// keys returns the values of -rows.
func keys() []string {
	return []string{"one", "page", "names", "capacity", "far", "large", "lite",
		"add", "oldadd", "create", "oldcreate", "status", "oldstatus", "update", "oldupdate", "import", "fanout", "idle"}
}

// rows returns the requested rows. Those that change the database come last.
func (b *bed) rows(ctx context.Context, o options) ([]row, error) {
	var all []row
	for _, key := range keys() {
		if !o.wants(key) {
			continue
		}
		if change, ok := b.changes(key); ok {
			all = append(all, change)
			continue
		}
		switch key {
		case "one":
			server, bare := b.small.one()
			all = append(all, b.against(key, "one customer, everything nested", 1.3, server, bare, true))
		case "page":
			server, bare := b.small.page()
			all = append(all, b.against(key, "page of 50, everything nested", 1.2, server, bare, true))
		case "names":
			server, bare := b.small.byName(b.small.names...)
			all = append(all, b.against(key, "page of 50 by name, everything nested", 1.2, server, bare, true))
		case "capacity":
			server, bare := b.small.capacity()
			all = append(all, b.against(key, "old URL listCapacity", 1.1, server, bare, true))
		case "far":
			all = append(all, b.far())
		case "lite":
			all = append(all, b.onLite()...)
		case "large":
			if b.large != nil {
				all = append(all, b.sizes()...)
			}
		}
	}
	if len(all) == 0 && len(b.figures(o)) == 0 {
		return nil, fmt.Errorf("nothing to measure: the row large needs -large")
	}
	return all, ctx.Err()
}

// against compares the server with the bare handler and its own ordinary path.
func (b *bed) against(key, title string, goal float64, server, bare []load.Request, same bool) row {
	return row{key: key, title: title, goal: goal, same: same, subjects: []subject{
		{"server", b.server, server}, {"bare handler", b.bare, bare}, {"ordinary path", b.ordinary, server},
	}}
}

// far compares a distant page with the first.
func (b *bed) far() row {
	d, t := b.small, b.server
	if b.large != nil {
		d, t = b.large, b.serverLarge
	}
	first, _ := d.byName(place{number: 1})
	last, _ := d.byName(d.last)
	return row{key: "far", title: fmt.Sprintf("page %s by name against page 1", thousands(d.last.number)), goal: 0.9, subjects: []subject{
		{"far page", t, last}, {"first page", t, first},
	}}
}

// sizes compares the larger database with the smaller.
func (b *bed) sizes() []row {
	title := thousands(b.large.customers) + " customers against " + thousands(b.small.customers)
	made := make([]row, 0, 3)
	oneLarge, _ := b.large.one()
	oneSmall, _ := b.small.one()
	pageLarge, _ := b.large.page()
	pageSmall, _ := b.small.page()
	namesLarge, _ := b.large.byName(b.large.names...)
	namesSmall, _ := b.small.byName(b.small.names...)
	for _, r := range []struct {
		key, title   string
		large, small []load.Request
	}{{"large one", "one customer", oneLarge, oneSmall}, {"large page", "page of 50", pageLarge, pageSmall}, {"large names", "page of 50 by name", namesLarge, namesSmall}} {
		made = append(made, row{key: r.key, title: title + ", " + r.title, goal: 0.85, subjects: []subject{
			{"larger", b.serverLarge, r.large}, {"smaller", b.server, r.small},
		}})
	}
	return made
}

func count(all []row) (n int) {
	for _, r := range all {
		n += len(r.subjects)
	}
	return n
}
