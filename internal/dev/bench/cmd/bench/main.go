// Command bench measures the server: it starts PostgreSQL, loads customers, builds the server, and compares it under load
// with a bare handler and with its own ordinary read path, alternately, in rounds. make bench runs it.
//
// It must run in the root of the repository.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	rounds      int
	seconds     int // of each measurement
	connections int
	customers   int
	large       int // customers in the second database, 0 for none
	rows        []string
	report      string // the file whose table is written, "" for none
	profiles    string // a directory for the server's CPU profiles, "" for none
}

// enough is the minimum number of rounds for writing a report.
const enough = 5

func parse() options {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds; each measures everything once")
	flag.IntVar(&o.seconds, "seconds", 5, "seconds that a measurement takes")
	flag.IntVar(&o.connections, "connections", 32, "connections of the load generator")
	flag.IntVar(&o.customers, "customers", 50_000, "customers in the database")
	flag.IntVar(&o.large, "large", 0, "customers in a second, larger database; 0 for none")
	flag.StringVar(&o.report, "report", "", "the Markdown file to write the tables to, between its marks, after five rounds of all rows")
	flag.StringVar(&o.profiles, "profiles", "", "a directory for a CPU profile of the server in each row; its debug port is open then")
	rows := flag.String("rows", "", "which rows to measure, "+strings.Join(keys(), ",")+"; all of them without")
	flag.Parse()
	if *rows != "" {
		o.rows = strings.Split(*rows, ",")
	}
	return o
}

func (o options) wants(key string) bool { return len(o.rows) == 0 || slices.Contains(o.rows, key) }

func (o options) check() error {
	for _, row := range o.rows {
		if !slices.Contains(keys(), row) {
			return fmt.Errorf("there is no row %q, only %s", row, strings.Join(keys(), ", "))
		}
	}
	if o.rounds < 1 || o.seconds < 1 || o.connections < 1 || o.customers < 1000 {
		return fmt.Errorf("at least one round, second and connection are needed, and 1000 customers")
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	b, err := newBed(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = join(err, b.close()) }()
	all, err := b.rows(ctx, o)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := r.check(ctx); err != nil {
			return fmt.Errorf("%s: %w", r.key, err)
		}
	}
	say("the answers are the same; %d measurements of %d s follow", count(all)*o.rounds, o.seconds)
	m := newMeasuring(o, b.postmaster)
	if err := m.all(ctx, all); err != nil {
		return err
	}
	figures, err := b.measureFigures(ctx, o)
	if err != nil {
		return err
	}
	if err := b.profile(ctx, o, all, m); err != nil {
		return err
	}
	text, err := b.report(ctx, o, all, m, figures)
	if err != nil {
		return err
	}
	fmt.Println(text)
	if o.report == "" || o.rounds < enough || len(o.rows) > 0 {
		return nil
	}
	return replace(o.report, text)
}

// say prints progress to standard error; the report goes to standard output.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
}
