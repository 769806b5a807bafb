package main

import (
	"path/filepath"
	"strings"
	"testing"

	"cloudapi/internal/dev/pgtest"
)

// TestJobsPrune: only jobs that ended before the given time are removed, also while a server runs. An invalid time is
// rejected.
func TestJobsPrune(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + filepath.Join(t.TempDir(), "test.db"), "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			start(t, "--database-url", url)
			for _, c := range []struct {
				in, args string
				status   int
				has      string
			}{
				{testPassword + "\n", "user create Alice --role OPERATOR", 0, "Created OPERATOR"},
				{"", "jobs prune --before 2000-01-01T00:00:00Z", 0, "Removed 0 jobs"},
				{"", "jobs prune --before 2100-01-01T00:00:00Z", 0, "Removed "},
				{"", "jobs prune --before 2100-01-01T00:00:00Z", 0, "Removed 0 jobs"},
				{"", "jobs prune --before yesterday", 2, "--before"},
				{"", "jobs prune", 2, "--before"},
			} {
				status, out, errs := cloudapi(t, c.in, append(strings.Fields(c.args), "--database-url", url)...)
				if status != c.status || !strings.Contains(out+errs, c.has) {
					t.Errorf("%s: %d %s%s", c.args, status, out, errs)
				}
			}
		})
	}
}
