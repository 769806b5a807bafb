// Command mutants runs the test of each deliberate fault, or of the named ones: on the unchanged program, where it must
// pass, and with the fault, where it must fail. It uses the module in the current directory and does not change it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"cloudapi/internal/dev/mutants"
)

const (
	// longest is the time limit of a test without a fault.
	longest = 5 * time.Minute
	// extra is how much longer a test may take with a fault.
	extra = 30 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	survived, err := run(ctx, os.Args[1:])
	if err == nil && len(survived) > 0 {
		err = fmt.Errorf("nobody noticed %v", survived)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) (survived []string, err error) {
	const root = "."
	all, err := mutants.Load(os.DirFS("internal/dev/mutants/testdata"))
	if err != nil {
		return nil, err
	}
	sound := map[string]time.Duration{} // durations of the tests that passed
	fmt.Println("| fault | noticed by | after | how |\n|---|---|---|---|")
	for _, m := range all {
		if len(names) > 0 && !slices.Contains(names, m.Name) {
			continue
		}
		test := m.Package + " " + m.TestName
		if sound[test] == 0 {
			v, err := m.Test(ctx, root, false, longest)
			if err != nil || v.Failed {
				return nil, fmt.Errorf("%s fails without any fault: %s: %w", test, v.Why, err)
			}
			sound[test] = v.Took
		}
		v, err := m.Test(ctx, root, true, extra+2*sound[test])
		if ctx.Err() != nil {
			return survived, ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", m.Name, err)
			v = mutants.Verdict{} // a mutant that does not build is found by no test
		}
		if !v.Failed {
			survived = append(survived, m.Name)
			v.Why = "NOT NOTICED"
		}
		fmt.Printf("| %s | `%s` | %v | %.150s |\n", m.Title, test, v.Took.Round(time.Second/10), v.Why)
	}
	return survived, nil
}
