package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"cloudapi/internal/dev/bench/dataset"
	"cloudapi/internal/dev/bench/process"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/stamp"
	"cloudapi/internal/token"
)

// bed has the databases and programs to measure.
type bed struct {
	dir        string // for the programs and their logs
	postgres   *pgtest.Server
	postmaster int
	small      *data
	large      *data // nil for none

	server, ordinary, bare *process.Program // on small
	serverLarge            *process.Program // on large
	// On a copy of small in SQLite; nil if no row needs them.
	lite, liteOrdinary, liteBare *process.Program
	debug                        string // address of server's debug port, "" where it is closed
}

// callers is how many users send requests, each with a token.
const callers = 16

func newBed(ctx context.Context, o options) (b *bed, err error) {
	b = &bed{}
	defer func() {
		if err != nil {
			err = join(err, b.close())
		}
	}()
	if b.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return b, err
	}
	say("building the server and the bare handler")
	for program, path := range map[string]string{"cloudapi": "./server", "bare": "./internal/dev/bench/cmd/bare"} {
		if err := b.build(ctx, program, path); err != nil {
			return b, err
		}
	}
	if err := b.database(ctx); err != nil {
		return b, err
	}
	if b.small, err = b.load(ctx, "small", o.customers); err != nil {
		return b, err
	}
	if o.large > 0 && o.wants("large") {
		if b.large, err = b.load(ctx, "large", o.large); err != nil {
			return b, err
		}
	}
	if err := b.start(ctx, o.profiles != ""); err != nil {
		return b, err
	}
	if !o.wants("lite") {
		return b, nil
	}
	return b, b.startLite(ctx)
}

func (b *bed) build(ctx context.Context, program, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", b.program(program), path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", path, err, out)
	}
	return nil
}

func (b *bed) program(name string) string { return filepath.Join(b.dir, name) }

// database starts PostgreSQL with production settings: commits are durable, and its cache is a quarter of the memory.
func (b *bed) database(ctx context.Context) (err error) {
	memory, err := process.MachineMemory()
	if err != nil {
		return err
	}
	b.postgres, err = pgtest.New(ctx, pgtest.Options{Fsync: true, Settings: map[string]string{
		"shared_buffers":     strconv.FormatInt(memory>>22, 10) + "MB",
		"max_wal_size":       "'4GB'",
		"wal_keep_size":      "0",
		"autovacuum_naptime": "'1min'",
	}})
	if err != nil {
		return err
	}
	b.postmaster, err = b.postgres.Pid()
	return err
}

// load creates a database with the server's migrations and fills it.
func (b *bed) load(ctx context.Context, name string, customers int) (*data, error) {
	say("loading %d customers", customers)
	if err := b.postgres.Exec(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return nil, err
	}
	url := b.postgres.URL(name)
	if out, err := exec.CommandContext(ctx, b.program("cloudapi"), "migrate", "up", "--database-url", url).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("migrate: %w\n%s", err, out)
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := dataset.Load(ctx, db, dataset.Usual(customers)); err != nil {
		return nil, err
	}
	if err := warm(ctx, db); err != nil {
		return nil, err
	}
	tokens, err := makeCallers(ctx, db)
	if err != nil {
		return nil, err
	}
	d := &data{url: url, customers: customers, tokens: tokens}
	return d, d.sample(ctx, db)
}

// undo deletes what was added to the database since it was loaded: units and jobs of the data set are as old as their
// customers.
func (d *data) undo(ctx context.Context) error {
	db, err := sql.Open("postgres", d.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range []string{
		"DELETE FROM capacity_units USING customers c WHERE c.id = customer_id AND capacity_units.created_at > c.created_at + interval '1 day'",
		"DELETE FROM jobs WHERE action IN ('addCapacityAvailable', 'createCustomer', 'setCustomerStatus', 'updateCustomer')",
		"DELETE FROM customers c WHERE NOT EXISTS (SELECT 1 FROM capacity_units u WHERE u.customer_id = c.id)",
		"VACUUM ANALYZE capacity_units, jobs, customers",
		"CHECKPOINT",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("undo: %s: %w", statement, err)
		}
	}
	return nil
}

// warm reads everything into PostgreSQL's cache, as far as it fits, as after some time of use.
func warm(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{
		"CREATE EXTENSION pg_prewarm",
		"SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("fill the cache: %w", err)
		}
	}
	return nil
}

// makeCallers creates administrators, who see everything, each with a personal access token, and returns the tokens.
func makeCallers(ctx context.Context, db *sql.DB) ([]string, error) {
	tokens := make([]string, callers)
	for i := range tokens {
		plain, hash := token.New(token.Personal)
		user, login := stamp.NewID(), "caller-"+strconv.Itoa(i)
		_, err := db.ExecContext(ctx, `INSERT INTO cloud_users (id, version, created_at, login, login_fold, role) VALUES ($1, $1, now(), $2, $2, 'ADMINISTRATOR')`,
			user, login)
		if err != nil {
			return nil, fmt.Errorf("make a caller: %w", err)
		}
		_, err = db.ExecContext(ctx, `INSERT INTO access_tokens (id, created_at, kind, name, hash, user_id) VALUES ($1, now(), 'PERSONAL', 'bench', decode($2, 'hex'), $3)`,
			stamp.NewID(), hex.EncodeToString(hash), user)
		if err != nil {
			return nil, fmt.Errorf("make a caller: %w", err)
		}
		tokens[i] = plain.Reveal()
	}
	return tokens, nil
}

// start starts the programs.
func (b *bed) start(ctx context.Context, debug bool) (err error) {
	serve := func(name string, d *data, more ...string) (*process.Program, error) {
		return b.serve(ctx, name, d.url, more...)
	}
	var more []string
	if debug {
		if b.debug, err = freeAddress(ctx); err != nil {
			return err
		}
		more = []string{"--debug-listen", b.debug}
	}
	if b.server, err = serve("server", b.small, more...); err != nil {
		return err
	}
	if b.ordinary, err = serve("ordinary", b.small, "--no-fast-reads", "--no-shared-commits"); err != nil {
		return err
	}
	if b.bare, err = process.Start(ctx, "bare", b.dir, b.program("bare"), "-listen", "127.0.0.1:0", "-database", b.small.url); err != nil {
		return err
	}
	if b.large != nil {
		b.serverLarge, err = serve("server-large", b.large)
	}
	return err
}

func (b *bed) serve(ctx context.Context, name, url string, more ...string) (*process.Program, error) {
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--database-url", url}, more...)
	return process.Start(ctx, name, b.dir, b.program("cloudapi"), args...)
}

func (b *bed) close() error {
	var errs []error
	for _, t := range []*process.Program{b.server, b.ordinary, b.bare, b.serverLarge, b.lite, b.liteOrdinary, b.liteBare} {
		if t != nil {
			errs = append(errs, t.Stop())
		}
	}
	if b.postgres != nil {
		errs = append(errs, b.postgres.Close())
	}
	if b.dir != "" {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	return errors.Join(errs...)
}

// join returns the first error unchanged, because it is usually the cause.
func join(first, second error) error {
	if first == nil {
		return second
	}
	return errors.Join(first, second)
}
