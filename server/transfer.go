package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"text/tabwriter"

	"cloudapi/ent/migrate"
	"cloudapi/internal/fault"
	"cloudapi/internal/password"
	"cloudapi/internal/store"
	"cloudapi/internal/transfer"
	"cloudapi/server/api"
)

// importCache is the page cache of an import into SQLite, in bytes. It is large because imported guids are in no order, so
// that each transaction changes pages all over the file.
const importCache = 64 << 20

// importCommand loads objects.
type importCommand struct {
	commandFlags
	Source        string `arg:"" help:"The URL of an old server (https://name:password@host/appserver/rest/), a file or directory with the answers of its methods or with an export, a CSV file of customers, or - for an export on standard input."`
	DryRun        bool   `name:"dry-run" help:"Report what the import would do, and change nothing. The database must exist."`
	Verify        bool   `help:"Compare the database with the source, object by object, and change nothing."`
	Replace       bool   `help:"Replace existing objects that differ, instead of reporting them."`
	Report        string `help:"A file for the report, as JSON Lines. The report is also written to standard error."`
	PortalAccount string `name:"portal-account" help:"The portal account for domains that have none in the source."`
	Concurrency   int    `default:"8" help:"The number of concurrent calls to an old server, 1 to 64."`
}

// Run imports, and fails if some objects were not imported.
func (c *importCommand) Run(e *env) error {
	if c.Concurrency < 1 || c.Concurrency > 64 {
		return fault.New(fault.Invalid, "--concurrency must be 1 to 64")
	}
	if c.DryRun && c.Verify {
		return fault.New(fault.Invalid, "Give --dry-run or --verify, not both")
	}
	source, name, err := c.open(e)
	if err != nil {
		return err
	}
	log, err := c.logger(e.errors)
	if err != nil {
		return err
	}
	reads := c.DryRun || c.Verify
	o := c.storeOptions(log)
	o.MustExist, o.WriterCache = reads, importCache
	return withStoreOf(e, o, func(s *store.Store) error {
		if err := c.prepare(e, s, reads); err != nil {
			return err
		}
		hasher := password.NewHasher(password.Recommended(), runtime.GOMAXPROCS(0))
		a, err := api.New(api.Options{Store: s, Log: log, Passwords: hasher})
		if err != nil {
			return err
		}
		report, err := newReport(e.errors, c.Report)
		if err != nil {
			return err
		}
		p := newProgress(e.errors)
		report.before = p.clear
		counts, err := transfer.Load(e.ctx, source, transfer.Options{
			Client: a.Client, Dialect: s.Dialect(), Passwords: hasher, Source: name,
			Replace: c.Replace, DryRun: c.DryRun, Verify: c.Verify, PortalAccount: c.PortalAccount,
			Report: report.add, Progress: p.show,
		})
		p.end()
		return errors.Join(err, report.close(), c.sum(e.out, counts, err == nil))
	})
}

// prepare migrates the schema, or checks it if nothing may be changed.
func (c *importCommand) prepare(e *env, s *store.Store, reads bool) error {
	if reads {
		return migrated(e.ctx, s)
	}
	if err := store.CheckVersion(e.ctx, s, migrate.Files); err != nil {
		return err
	}
	_, err := store.Migrate(e.ctx, s, migrate.Files)
	return err
}

// sum prints the counts of the objects. It returns an error if some were not imported.
func (c *importCommand) sum(out io.Writer, counts transfer.Counts, complete bool) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := "TYPE\tIN THE SOURCE\tCREATED\tREPLACED\tEQUAL\tCONFLICTS\tREFUSED\tHERE\t"
	if c.Verify {
		heads = "TYPE\tIN THE SOURCE\tHERE\tEQUAL\tDIFFERENT\tMISSING\tREFUSED\t"
	}
	_, _ = fmt.Fprintln(t, heads)
	for _, kind := range transfer.Kinds() {
		n := counts.Kinds[kind]
		if c.Verify {
			_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", kind, n.Read, n.InDatabase, n.Equal, n.Different, n.Missing, n.Refused)
			continue
		}
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", kind, n.Read, n.Created, n.Replaced, n.Equal, n.Conflicts, n.Refused, n.InDatabase)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, line := range c.remarks(counts) {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	if complete && !counts.Clean() {
		return fault.New(fault.Conflict, "Not everything was taken or is equal: the report says what and why.")
	}
	return nil
}

// remarks returns notes on information that a source lacks, and what to do about it.
func (c *importCommand) remarks(counts transfer.Counts) (lines []string) {
	say := func(n int, format string) {
		if n > 0 {
			lines = append(lines, fmt.Sprintf(format, n))
		}
	}
	say(counts.Unreadable, "%d texts of the source could not be read.")
	say(counts.LostLinks, "%d references to objects that are not there were left out.")
	if !c.Verify {
		say(counts.WeakPasswords, "%d users have an old password that breaks today's rules (passwordIsWeak).")
		say(counts.NoPassword, "%d users came without a password, and can't sign in before one is set: cloudapi user password.")
	}
	say(counts.NoRole, "%d users of the source have no role: new ones are MEMBER. Give others theirs: cloudapi user role.")
	say(counts.NoPortalAccount, "%d domains of the source have no portal account: nobody can unregister them. Name one with --portal-account.")
	if c.DryRun {
		lines = append(lines, "This was a dry run: nothing was changed.")
	}
	return lines
}

// report writes the objects that were not imported, immediately and in constant memory.
type report struct {
	out    io.Writer
	file   *os.File
	lines  *bufio.Writer
	before func()
}

func newReport(out io.Writer, path string) (*report, error) {
	r := &report{out: out}
	if path == "" {
		return r, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The report cannot be written: %v", err)
	}
	r.file, r.lines = file, bufio.NewWriter(file)
	return r, nil
}

func (r *report) add(e transfer.Entry) {
	r.before()
	about := string(e.Kind)
	if e.GUID != "" {
		about += " " + e.GUID
	}
	// Text from a source must not contain control characters for the terminal.
	_, _ = fmt.Fprintf(r.out, "%s: %s %s: %s\n", printable(e.Where), e.What, about, printable(e.Reason))
	if r.lines != nil {
		_ = json.NewEncoder(r.lines).Encode(e)
	}
}

func (r *report) close() error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.lines.Flush(), r.file.Close())
}

// exportCommand writes objects.
type exportCommand struct {
	commandFlags
	File   string `arg:"" optional:"" default:"-" help:"The file to write, which must not exist, or - for standard output."`
	Hashes bool   `name:"with-password-hashes" help:"Write the hashes of passwords too, so that users keep their passwords. Protect the file like the database."`
}

// Run exports.
func (c *exportCommand) Run(e *env) error {
	return withStore(e, c.commandFlags, false, func(s *store.Store) (err error) {
		a, err := c.api(e, s)
		if err != nil {
			return err
		}
		out := e.out
		if c.File != "-" {
			file, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return fault.New(fault.Invalid, "The export cannot be written: %v", err)
			}
			out = file
			defer func() { err = errors.Join(err, file.Sync(), file.Close()) }()
		}
		p := newProgress(e.errors)
		_, err = transfer.Export(e.ctx, a.Client, s.Dialect() == "postgres", c.Hashes, out, p.show)
		p.end()
		return err
	})
}
