// Package sqlfeatures compares docs/scale.md with the SQL that the program sends: the document names features that
// distributed databases compatible with PostgreSQL may lack, with an alternative.
package sqlfeatures

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// features returns the features to search for, in addition to PostgreSQL's own functions, whose names begin with pg_.
func features() map[string]*regexp.Regexp {
	found := map[string]*regexp.Regexp{}
	for name, expression := range map[string]string{
		"LISTEN":                `\bListen\(channel\)|\bLISTEN `,
		"FOR UPDATE":            `\bFOR UPDATE\b|\.ForUpdate\(`,
		"FOR SHARE":             `\bFOR SHARE\b|\.ForShare\(`,
		"SKIP LOCKED":           `\bSKIP LOCKED\b|WithLockAction\(.*SkipLocked`,
		"LATERAL":               `\bLATERAL\b`,
		"WITH RECURSIVE":        `\bRECURSIVE\b`,
		"MATERIALIZED":          `\bMATERIALIZED\b`,
		"ON CONFLICT":           `\bON CONFLICT\b|\.OnConflict`,
		"RETURNING":             `\bRETURNING\b`,
		"CREATE TRIGGER":        `\bCREATE TRIGGER\b`,
		"PL/pgSQL":              `\bplpgsql\b`,
		"USING gin":             `(?i)\bUSING gin\b`,
		"fillfactor":            `\bfillfactor\b`,
		"COLLATE":               `\bCOLLATE\b`,
		"CONCURRENTLY":          `\bCONCURRENTLY\b`,
		"PREPARE":               `\bPREPARE `,
		"json_agg":              `\bjson_agg\b`,
		"unnest":                `\bunnest\(`,
		"gen_random_uuid":       `\bgen_random_uuid\b`,
		"set_config":            `\bset_config\b`,
		"current_setting":       `\bcurrent_setting\b`,
		"to_regclass":           `\bto_regclass\b`,
		"partial index":         `CREATE (UNIQUE )?INDEX [^;]*\) WHERE `,
		"foreign key":           `\bFOREIGN KEY\b`,
		"session advisory lock": `NewPostgresSessionLocker`,
		"xmin":                  `\bxmin\b`,
	} {
		found[name] = regexp.MustCompile(expression)
	}
	return found
}

// own matches PostgreSQL's own functions and tables.
var own = regexp.MustCompile(`\bpg_(current|snapshot|is|control|walfile|last|notify|stat|locks|settings|database|try|advisory|logical|replication|trgm)[a-z_]*\b`)

// TestScaleNamesTheSQLThatIsUsed: the table in docs/scale.md has each feature that the sources use, and no other.
func TestScaleNamesTheSQLThatIsUsed(t *testing.T) {
	root := "../../.."
	used := map[string]bool{}
	for _, folder := range []string{"internal", "server", "graph", "ent"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "dev" || entry.Name() == "testdata" || entry.Name() == "node_modules" || entry.Name() == "sqlite"):
				return filepath.SkipDir
			case strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".sql"):
				return nil
			}
			text, err := os.ReadFile(path)
			if !strings.Contains(string(text), "DO NOT EDIT") {
				look(withoutComments(string(text)), used)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	documented := documented(t, filepath.Join(root, "docs", "scale.md"))
	for name := range used {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/scale.md does not say what to do without %s", name)
		}
	}
	for _, name := range documented {
		if !used[name] {
			t.Errorf("docs/scale.md names %s, which is not used", name)
		}
	}
}

func look(text string, used map[string]bool) {
	for name, expression := range features() {
		used[name] = used[name] || expression.MatchString(text)
	}
	for _, name := range own.FindAllString(text, -1) {
		used[name] = true
	}
	for name, there := range used {
		if !there {
			delete(used, name)
		}
	}
}

// withoutComments returns a source without its comment lines.
func withoutComments(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if !strings.HasPrefix(trimmed, "//") && !strings.HasPrefix(trimmed, "--") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// documented returns the names in backticks in the first column of the table.
func documented(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	name := regexp.MustCompile("`([^`]+)`")
	_, table, _ := strings.Cut(string(text), "<!-- features -->")
	table, _, _ = strings.Cut(table, "<!-- end of features -->")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range name.FindAllStringSubmatch(cells[1], -1) {
			names = append(names, m[1])
		}
	}
	return names
}
