package main

import (
	"fmt"

	"cloudapi/internal/store"
)

// backupCommand copies an SQLite database.
type backupCommand struct {
	commandFlags
	File string `arg:"" help:"The file to write. It must not exist."`
}

// Run copies the database.
func (c *backupCommand) Run(e *env) error {
	return withStore(e, c.commandFlags, false, func(s *store.Store) error {
		if err := s.Backup(e.ctx, c.File); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "Wrote %s\n", c.File)
		return err
	})
}
