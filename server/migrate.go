package main

import (
	"fmt"

	"cloudapi/ent/migrate"
	"cloudapi/internal/store"
)

// migrateCommand migrates the database to this version's schema.
type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Apply the pending migrations."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and their states."`
}

type migrateUpCommand struct {
	commandFlags
	DryRun bool `name:"dry-run" help:"Print the SQL without running it."`
}

// Run applies pending migrations.
func (c *migrateUpCommand) Run(e *env) error {
	return withStore(e, c.commandFlags, !c.DryRun, func(s *store.Store) error {
		if err := store.CheckVersion(e.ctx, s, migrate.Files); err != nil {
			return err
		}
		if c.DryRun {
			sql, err := store.PendingSQL(e.ctx, s, migrate.Files)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(e.out, sql)
			return err
		}
		applied, err := store.Migrate(e.ctx, s, migrate.Files)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "Applied %d migrations\n", len(applied))
		return err
	})
}

type migrateStatusCommand struct {
	commandFlags
}

const appliedLayout = "2006-01-02 15:04:05"

// Run lists the migrations, including those unknown to this version.
func (c *migrateStatusCommand) Run(e *env) error {
	return withStore(e, c.commandFlags, false, func(s *store.Store) error {
		all, err := store.Status(e.ctx, s, migrate.Files)
		if err != nil {
			return err
		}
		for _, m := range all {
			state := "pending"
			if !m.Applied.IsZero() {
				state = "applied " + m.Applied.UTC().Format(appliedLayout)
			}
			if _, err := fmt.Fprintf(e.out, "%-55s %s\n", m.Name, state); err != nil {
				return err
			}
		}
		unknown, err := store.UnknownMigrations(e.ctx, s, migrate.Files)
		if err != nil {
			return err
		}
		for _, m := range unknown {
			state := "unknown to this version, which does not run on it"
			if m.Compatible {
				state = "unknown to this version, which runs on it"
			}
			if _, err := fmt.Fprintf(e.out, "%-55d applied %s, %s\n", m.Version, m.Applied.UTC().Format(appliedLayout), state); err != nil {
				return err
			}
		}
		return nil
	})
}
