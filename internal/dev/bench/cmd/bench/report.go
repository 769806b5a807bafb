package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"cloudapi/internal/dev/bench/process"
)

// report returns the results in Markdown.
func (b *bed) report(ctx context.Context, o options, rows []row, m *measuring, figures string) (string, error) {
	machine, err := machine(ctx)
	if err != nil {
		return "", err
	}
	memory, err := b.peaks()
	if err != nil {
		return "", err
	}
	var t strings.Builder
	fmt.Fprintf(&t, "%s %d rounds of %d s for each program in turn, %d connections, %s customers; medians.\n\n",
		machine, o.rounds, o.seconds, o.connections, thousands(b.small.customers))
	if len(rows) > 0 {
		summary(&t, rows, m)
		t.WriteString("\n" + memory + "\n\n")
	}
	if figures != "" {
		t.WriteString(figures + "\n")
	}
	if len(rows) > 0 {
		details(&t, rows, m)
	}
	return t.String(), nil
}

// summary writes the table of ratios: of the rates, and, inverted, of the CPU time for a request, which other programs on
// the machine affect less.
func summary(t *strings.Builder, rows []row, m *measuring) {
	t.WriteString("| | ratio | least, most | ratio of CPU | goal | |\n|---|---|---|---|---|---|\n")
	for i, r := range rows {
		for k, s := range r.subjects[1:] {
			ratios := m.ratios(i, k+1)
			goal, reached := "", ""
			if k == 0 {
				goal = fmt.Sprintf("%.2f", r.goal)
				if reached = "reached"; median(ratios) < r.goal {
					reached = "missed"
				}
			}
			title := r.title
			if r.subjects[0].name == "server" {
				title += ", against the " + s.name
			}
			fmt.Fprintf(t, "| %s | **%.2f** | %.2f, %.2f | %.2f | %s | %s |\n",
				title, median(ratios), slices.Min(ratios), slices.Max(ratios), m.median(i, k+1, sample.cpu)/m.median(i, 0, sample.cpu), goal, reached)
		}
	}
}

// details writes the table with the results of each program.
func details(t *strings.Builder, rows []row, m *measuring) {
	t.WriteString("| | | requests/s | p50, ms | p99, ms | CPU of the program, µs a request | CPU of PostgreSQL, µs a request |\n|---|---|---|---|---|---|---|\n")
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for i, r := range rows {
		for k, s := range r.subjects {
			fmt.Fprintf(t, "| %s | %s | %s | %.1f | %.1f | %.0f | %.0f |\n", r.title, s.name,
				thousands(int(m.median(i, k, sample.rate))),
				m.median(i, k, func(s sample) float64 { return milliseconds(s.P50) }),
				m.median(i, k, func(s sample) float64 { return milliseconds(s.P99) }),
				m.median(i, k, func(s sample) float64 { return float64(s.own) / 1000 }),
				m.median(i, k, func(s sample) float64 { return float64(s.database) / 1000 }))
		}
	}
}

func (s sample) rate() float64 { return s.Rate() }

// cpu returns the CPU time of a request, in nanoseconds.
func (s sample) cpu() float64 { return float64(s.own + s.database) }

// peaks returns the peak memory of the servers.
func (b *bed) peaks() (string, error) {
	var parts []string
	for _, t := range []*process.Program{b.server, b.ordinary, b.bare, b.serverLarge, b.lite, b.liteOrdinary, b.liteBare} {
		if t == nil {
			continue
		}
		bytes, err := process.PeakMemory(t.Pid())
		if err != nil {
			return "", err
		}
		parts = append(parts, fmt.Sprintf("%s %d MB", t.Name, bytes>>20))
	}
	return "Most memory held (RSS; the goal is below 100 MB for the server): " + strings.Join(parts, ", ") + ".", nil
}

// machine describes the machine, without names.
func machine(ctx context.Context) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude", "*").Output()
	if err != nil {
		return "", fmt.Errorf("ask git for the commit: %w", err)
	}
	memory, err := process.MachineMemory()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Commit %s, on a machine with %d cores and %d GB of memory for everything: server, PostgreSQL and wrk.",
		strings.TrimSpace(string(commit)), runtime.NumCPU(), (memory+1<<29)>>30), nil
}

// The marks around the report in a file.
const (
	begin = "<!-- make bench writes from here -->"
	end   = "<!-- to here -->"
)

// replace replaces the report between the marks of a file.
func replace(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s lacks the marks %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+strings.TrimSpace(text)+"\n"+end+after), 0o644)
}

// thousands formats a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
