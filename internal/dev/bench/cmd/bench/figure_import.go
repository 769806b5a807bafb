package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/dev/bench/process"
)

// imported is how many customers an import is measured with.
const imported = 20_000

func (b *bed) importPostgres(ctx context.Context) (r reading, err error) {
	const name = "imported"
	if err := b.postgres.Exec(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return r, err
	}
	defer func() { err = join(err, b.postgres.Exec(ctx, "postgres", "DROP DATABASE "+name+" WITH (FORCE)")) }()
	return b.imports(ctx, b.postgres.URL(name))
}

func (b *bed) importSQLite(ctx context.Context) (r reading, err error) {
	dir, err := os.MkdirTemp(b.dir, "sqlite")
	if err != nil {
		return r, err
	}
	defer func() { err = join(err, os.RemoveAll(dir)) }()
	return b.imports(ctx, "sqlite://"+filepath.Join(dir, "imported.db"))
}

// imports measures an import by the command into a migrated database.
func (b *bed) imports(ctx context.Context, database string) (r reading, err error) {
	path := filepath.Join(b.dir, "import.jsonl")
	if err := writeCustomers(path); err != nil {
		return r, err
	}
	if out, err := exec.CommandContext(ctx, b.program("cloudapi"), "migrate", "up", "--database-url", database).CombinedOutput(); err != nil {
		return r, fmt.Errorf("migrate: %w\n%s", err, out)
	}
	before, err := process.FamilyCPU(b.postmaster)
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, b.program("cloudapi"), "import", path, "--database-url", database)
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return r, fmt.Errorf("import: %w\n%s", err, out)
	}
	took := time.Since(started)
	after, err := process.FamilyCPU(b.postmaster)
	own := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.value = imported / took.Seconds()
	r.note = fmt.Sprintf("CPU for 10,000: program %.1f s", own.Seconds()*10_000/imported)
	if !strings.HasPrefix(database, "sqlite") {
		r.note += fmt.Sprintf(", PostgreSQL %.1f s", (after-before).Seconds()*10_000/imported)
	}
	return r, err
}

// writeCustomers writes an export of customers whose guids are in no order.
func writeCustomers(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	id := func(kind string, n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", kind, n)) }
	for i := range imported {
		units := make([]string, 6)
		for u := range units {
			units[u] = fmt.Sprintf(`{"guid":%q,"version":%q,"createdAt":"2010-03-01T12:00:00Z","kind":%q,"capacityUnitType":"CU","amount":%d,"name":"CPU","description":"CPU units"}`,
				id("unit", 6*i+u), id("unit version", 6*i+u), []string{"AVAILABLE", "CONSUMED"}[u/3], u+1)
		}
		fmt.Fprintf(out, `{"type":"customer","guid":%q,"version":%q,"createdAt":"2010-03-01T12:00:00Z","updatedAt":"2010-03-01T12:00:00Z","name":"Customer %d",`+
			`"description":"a customer","address":"","city":"Bombai","country":"India","status":"ACTIVE","capacityUnits":[%s],"cloudUserGroups":[],"domains":[]}`+"\n",
			id("customer", i), id("version", i), i, strings.Join(units, ","))
	}
	return out.Flush()
}
