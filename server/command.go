package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// commands are the program's commands with their flags. Each flag can also be set by an environment variable: CLOUDAPI_ and
// the flag's name.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Serve demo data from a separate SQLite file, on loopback only."`
	Serve   serveCommand   `cmd:"" help:"Serve the API."`
	Migrate migrateCommand `cmd:"" help:"Migrate the database to this version, or show the state of its migrations."`
	Backup  backupCommand  `cmd:"" help:"Copy an SQLite database to a new file. A server may use the database at the same time."`
	Import  importCommand  `cmd:"" help:"Import customers, users and everything that belongs to them from an old server or from files (docs/moving-in.md)."`
	Export  exportCommand  `cmd:"" help:"Export customers, users and everything that belongs to them as JSON Lines."`
	Jobs    jobsCommand    `cmd:"" help:"Manage the jobs, which record changes."`
	User    userCommand    `cmd:"" help:"Manage cloud users."`
	Token   tokenCommand   `cmd:"" help:"Manage access tokens."`

	PortalAccount portalAccountCommand `cmd:"" name:"portal-account" help:"Manage the accounts of the embedded portal."`

	Schema     schemaCommand     `cmd:"" help:"Print the GraphQL schema."`
	OpenAPI    openapiCommand    `cmd:"" name:"openapi" help:"Print the OpenAPI description of the old URLs."`
	Health     healthCommand     `cmd:"" help:"Check the health of the server on this machine, for containers."`
	Completion completionCommand `cmd:"" help:"Print a completion script for a shell."`
	Words      versionCommand    `cmd:"" name:"version" help:"Print the version."`

	PrintConfig bool             `name:"print-config" env:"-" help:"Print each option with its value and its source, and exit."`
	Version     kong.VersionFlag `env:"-" help:"Print the version."`
}

// env is the environment of a command.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	errors io.Writer
}

// run runs a command line and returns the exit status: 2 for a wrong command line, 1 for a failure.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(slices.Clone(args[1:]), "--help")
	}
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
	for name, meant := range unknownVariables(parser.Model, os.Environ()) {
		hint := ""
		if meant != "" {
			hint = "; did you mean " + meant + "?"
		}
		_, _ = fmt.Fprintf(errs, "cloudapi: warning: %s in the environment is no option%s\n", name, hint)
	}
	if c.PrintConfig {
		if err := printConfig(out, command); err != nil {
			_, _ = fmt.Fprintln(errs, "cloudapi:", err)
			return 1
		}
		return 0
	}
	if err := command.Run(&env{ctx: ctx, in: in, out: out, errors: errs}, parser.Model); err != nil {
		_, _ = fmt.Fprintln(errs, "cloudapi:", explain(err))
		return 1
	}
	return 0
}

// explain returns a message for a person at a terminal, with what to do. The driver's message is only logged.
func explain(err error) string {
	f := fault.As(err)
	text, code := store.Explain(err), store.Code(err)
	switch {
	case text != "" && f.Code == fault.Internal:
		return text
	case text != "":
		return f.Message + " " + text
	case code != "" && f.Code == fault.Internal:
		return "The database answered with an error that this program does not expect (" + code + ")."
	case f.Code == fault.Internal && f.Cause != nil:
		return f.Cause.Error()
	}
	return f.Message
}

// password reads a password from the environment, or from the first line of standard input. It is not a flag, because other
// users of the machine can read command lines.
func (e *env) password(variable passwordVariable) (string, error) {
	if p, ok := os.LookupEnv(string(variable)); ok {
		return p, nil
	}
	_, _ = fmt.Fprintf(e.errors, "Password (one line; or set %s): ", variable)
	if terminal, ok := e.in.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		typed, err := term.ReadPassword(int(terminal.Fd())) // without showing it
		_, _ = fmt.Fprintln(e.errors)
		return string(typed), err
	}
	line, err := bufio.NewReader(e.in).ReadString('\n')
	if line == "" && err != nil {
		return "", fmt.Errorf("no password given: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
