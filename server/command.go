package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"cloudapi/internal/fault"
)

// commands are what the program does, with their flags. Each flag can be given
// as an environment variable as well: CLOUDAPI_ and its name.
type commands struct {
	Demo    demoCommand    `cmd:"" default:"withargs" help:"Serve demo data from an SQLite file of its own, on loopback only."`
	Serve   serveCommand   `cmd:"" help:"Serve the API."`
	Migrate migrateCommand `cmd:"" help:"Bring the database to the schema of this version, or tell how far it is."`
	Backup  backupCommand  `cmd:"" help:"Copy an SQLite database to a new file, also while a server uses it."`
	Jobs    jobsCommand    `cmd:"" help:"Manage the record of changes."`
	User    userCommand    `cmd:"" help:"Manage who signs in."`

	Version kong.VersionFlag `env:"-" help:"Print the version."`
}

// env is what a command works with.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	errors io.Writer
}

// run carries one command line out and returns the exit status: 2 for a wrong
// command line, 1 for a failure.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var c commands
	status := -1
	parser, err := kong.New(&c,
		kong.Name("cloudapi"),
		kong.Description("A GraphQL API over the customer model of a cloud provider, with its old REST URLs."),
		kong.DefaultEnvars("CLOUDAPI"),
		kong.Vars{"version": version()},
		limitDefaults(),
		kong.Writers(out, errs),
		kong.UsageOnError(),
		kong.Exit(func(code int) { status = code }),
	)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "cloudapi:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if status >= 0 {
		return status
	}
	if err != nil {
		_, _ = fmt.Fprintln(errs, "cloudapi:", err)
		return 2
	}
	if err := command.Run(&env{ctx: ctx, in: in, out: out, errors: errs}); err != nil {
		_, _ = fmt.Fprintln(errs, "cloudapi:", explain(err))
		return 1
	}
	return 0
}

// explain adds the cause to what the person at the terminal is told: it is
// their own server.
func explain(err error) string {
	f := fault.As(err)
	switch {
	case f.Cause == nil:
		return f.Message
	case f.Code == fault.Internal:
		return f.Cause.Error()
	default:
		return f.Message + ": " + f.Cause.Error()
	}
}

// password reads a password: from the environment, or the first line of the
// standard input. A command line can be read by others on the machine.
func (e *env) password(variable string) (string, error) {
	if p, ok := os.LookupEnv(variable); ok {
		return p, nil
	}
	_, _ = fmt.Fprintf(e.errors, "Password (one line; or set %s): ", variable)
	line, err := bufio.NewReader(e.in).ReadString('\n')
	if line == "" && err != nil {
		return "", fmt.Errorf("no password given: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
