package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"cloudapi/internal/transfer"
)

// customersFile is an export of some customers; the last has a domain.
func customersFile(t *testing.T, n int, name string) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		domains := ""
		if i == n-1 {
			domains = `,"domains":[{"name":"one.example"}]`
		}
		fmt.Fprintf(&text, `{"type":"customer","guid":"22544b07-4129-47b1-8690-%012d","name":"%s %d"%s}`+"\n", i, name, i, domains)
	}
	path := filepath.Join(t.TempDir(), name+".jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImportAndExport runs the commands with each of their options, in an order in
// which each says what the one before it has done.
func TestImportAndExport(t *testing.T) {
	dir := t.TempDir()
	url, copied := "sqlite://"+filepath.Join(dir, "a.db"), "sqlite://"+filepath.Join(dir, "b.db")
	first, other := customersFile(t, 3, "first"), customersFile(t, 3, "other")
	csv := filepath.Join(dir, "customers.csv")
	if err := os.WriteFile(csv, []byte("name,city\nfrom CSV,Ghent\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	report, exported := filepath.Join(dir, "report.jsonl"), filepath.Join(dir, "all.jsonl")
	for _, c := range []struct {
		in, args string
		status   int
		has      string
	}{
		{"", "import " + first + " --dry-run", 1, "a.db"}, // it makes no database
		{"", "migrate up", 0, ""},
		{"", "import " + first + " --dry-run", 0, "This was a dry run"},
		{"", "import " + first + " --verify", 1, "does not have it"},
		{"", "import " + first + " --dry-run --verify", 1, "not both"},
		{"", "import " + first + " --concurrency 65", 1, "1 to 64"},
		{"", "import " + first, 0, "1 domains of the source have no portal account"},
		{"", "import " + first + " --verify", 0, "customer"},
		{"", "import " + other + " --report " + report, 1, "differs in name"},
		{"", "import " + other + " --replace --portal-account shop", 0, "customer"},
		{"", "import " + other + " --verify --portal-account shop", 0, ""},
		{"no JSON\n", "import -", 1, "-:1: refused"},
		{"", "import " + csv, 0, "customer"},
		{"", "import " + filepath.Join(dir, "missing"), 1, "cannot be read"},
		{"", "export " + exported, 0, ""},
		{"", "export " + exported, 1, "cannot be written"},
		{"", "export", 0, `"name":"from CSV"`},
	} {
		status, out, errs := cloudapi(t, c.in, append(strings.Fields(c.args), "--database-url", url)...)
		if status != c.status || !strings.Contains(out+errs, c.has) {
			t.Errorf("%s: %d, not %d with %q: %s%s", c.args, status, c.status, c.has, out, errs)
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var entry transfer.Entry
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if err := json.Unmarshal(line, &entry); err != nil || entry.What != transfer.Conflict || entry.Kind != transfer.KindCustomer || bytes.Count(text, []byte("\n")) != 3 {
		t.Errorf("the report is %s", text)
	}
	if status, _, errs := cloudapi(t, "", "import", exported, "--database-url", copied); status != 0 {
		t.Fatal(errs)
	}
	_, one, _ := cloudapi(t, "", "export", "--database-url", url)
	_, two, _ := cloudapi(t, "", "export", "--database-url", copied)
	if one == "" || one != two {
		t.Errorf("the export of the copy differs:\n%s\n%s", one, two)
	}
}

// TestProgress: lines where nobody watches, a bar on a terminal.
func TestProgress(t *testing.T) {
	counts := transfer.Counts{Kinds: map[transfer.Kind]*transfer.Count{transfer.KindCustomer: {Read: 7}, transfer.KindCloudUser: {Read: 2}}}
	var lines bytes.Buffer
	p := newProgress(&lines)
	p.show(counts)
	if lines.Len() > 0 {
		t.Errorf("the first line comes at once: %s", &lines)
	}
	p.last = time.Now().Add(-progressInterval)
	p.show(counts)
	p.show(counts)
	p.end()
	if got := lines.String(); !strings.HasPrefix(got, "9 objects so far, 7 of them customers, in ") || strings.Count(got, "\n") != 1 {
		t.Errorf("the lines are %q", got)
	}
	screen, terminal := openTerminal(t)
	p = newProgress(terminal)
	p.show(counts)
	p.clear()
	p.end()
	shown := make([]byte, 4096)
	n, err := screen.Read(shown)
	if err != nil || !strings.Contains(string(shown[:n]), "7 customers") {
		t.Errorf("the terminal shows %q, %v", shown[:n], err)
	}
}

// openTerminal returns both ends of a pseudo-terminal.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return screen, terminal
}
