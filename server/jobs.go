package main

import (
	"fmt"
	"time"

	"cloudapi/ent"
	"cloudapi/internal/job"
	"cloudapi/internal/store"
	"cloudapi/server/api"
)

// maxJobWorkers is the maximum of --job-workers: each worker may use a connection to the database.
const maxJobWorkers = 64

// jobFlags configure background jobs and how long jobs are stored.
type jobFlags struct {
	JobWorkers int           `name:"job-workers" default:"2" help:"The number of background jobs (wait: false) that this server runs at once, 1 to 64."`
	KeepJobs   time.Duration `name:"keep-jobs" default:"0s" help:"How long jobs are stored after their end, at least 1h. 0 means forever. Jobs record who changed what."`
}

func (f *jobFlags) check() error {
	if f.JobWorkers < 1 || f.JobWorkers > maxJobWorkers {
		return fmt.Errorf("--job-workers must be from 1 to %d, not %d", maxJobWorkers, f.JobWorkers)
	}
	if f.KeepJobs != 0 && f.KeepJobs < time.Hour {
		return fmt.Errorf("--keep-jobs must be at least 1h, or 0 for good, not %v", f.KeepJobs)
	}
	return nil
}

// jobs sets the options of an API from the flags.
func (f *jobFlags) jobs(o *api.Options) { o.JobWorkers, o.KeepJobs = f.JobWorkers, f.KeepJobs }

// jobsCommand manages the jobs.
type jobsCommand struct {
	Prune jobsPruneCommand `cmd:"" help:"Remove jobs that ended before a time, in small batches, also while servers run."`
}

type jobsPruneCommand struct {
	commandFlags
	Before time.Time `name:"before" required:"" format:"2006-01-02T15:04:05Z07:00" help:"Remove the jobs that began and ended before this time, for example 2026-01-31T00:00:00Z."`
}

// Run removes old jobs.
func (c *jobsPruneCommand) Run(e *env) error {
	return withStore(e, c.commandFlags, false, func(s *store.Store) error {
		removed, err := job.Prune(e.ctx, ent.NewClient(ent.Driver(s.Driver())), c.Before)
		_, _ = fmt.Fprintf(e.out, "Removed %d jobs\n", removed)
		return err
	})
}
