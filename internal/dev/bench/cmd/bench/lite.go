package main

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"

	_ "modernc.org/sqlite" // the server's driver

	"cloudapi/internal/dev/bench/dataset"
	"cloudapi/internal/dev/bench/process"
)

// startLite copies the small database to SQLite and starts the programs on it.
func (b *bed) startLite(ctx context.Context) (err error) {
	say("copying %d customers to SQLite", b.small.customers)
	path := filepath.Join(b.dir, "bench.db")
	if out, err := exec.CommandContext(ctx, b.program("cloudapi"), "migrate", "up", "--database-url", "sqlite://"+path).CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, out)
	}
	if err := b.fillLite(ctx, path); err != nil {
		return err
	}
	if b.lite, err = b.serve(ctx, "lite", "sqlite://"+path); err != nil {
		return err
	}
	if b.liteOrdinary, err = b.serve(ctx, "lite-ordinary", "sqlite://"+path, "--no-fast-reads", "--no-shared-commits"); err != nil {
		return err
	}
	b.liteBare, err = process.Start(ctx, "lite-bare", b.dir, b.program("bare"), "-listen", "127.0.0.1:0", "-database", "sqlite://"+path)
	return err
}

func (b *bed) fillLite(ctx context.Context, path string) error {
	from, err := sql.Open("postgres", b.small.url)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := sql.Open("sqlite", "file:"+path+"?_time_format=sqlite&_timezone=UTC&_pragma=synchronous(0)&_pragma=foreign_keys(0)&_pragma=cache_size(-200000)")
	if err != nil {
		return err
	}
	return join(dataset.Copy(ctx, from, to), to.Close())
}

// onLite compares the server on SQLite with a bare handler on SQLite and with its own ordinary path.
func (b *bed) onLite() []row {
	made := make([]row, 0, 3)
	add := func(key, title string, goal float64, r row) {
		r.key, r.title, r.goal = key, title, goal
		targets := []*process.Program{b.lite, b.liteBare, b.liteOrdinary}
		for i := range r.subjects {
			r.subjects[i].target = targets[i]
		}
		made = append(made, r)
	}
	oneServer, oneBare := b.small.one()
	pageServer, pageBare := b.small.page()
	namesServer, namesBare := b.small.byName(b.small.names...)
	add("lite one", "SQLite: one customer, everything nested", 0.9, b.against("", "", 0, oneServer, oneBare, true))
	add("lite page", "SQLite: page of 50, everything nested", 1.5, b.against("", "", 0, pageServer, pageBare, true))
	add("lite names", "SQLite: page of 50 by name, everything nested", 1.2, b.against("", "", 0, namesServer, namesBare, true))
	return made
}
