package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cloudapi/internal/dev/pgtest"
)

// cloudapi runs a command line as a user types it.
func cloudapi(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(context.WithoutCancel(t.Context()), args, strings.NewReader(in), &o, &e)
	return status, o.String(), e.String()
}

// TestUsersAndTokens runs the commands on both databases.
func TestUsersAndTokens(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + filepath.Join(t.TempDir(), "test.db"), "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "--database-url", url)
			var token string
			for _, c := range []struct {
				in     string
				args   string
				status int
				has    string
			}{
				{testPassword + "\n", "user create Alice --role OPERATOR", 0, "Created OPERATOR"},
				{"", "user list", 0, "Alice"},
				{"", "user role alice MEMBER", 0, `"Alice" is MEMBER now`},
				{"", "user role admin MEMBER", 1, "administrator"},
				{"", "token create alice laptop --for 1h", 0, "Token"},
				{"", "token list alice", 0, "laptop"},
				{"", "user disable alice", 0, "DISABLED"},
				{"", "user enable alice", 0, "CONFIGURED"},
				{"", "user delete alice", 0, "Deleted"},
				{"", "user delete alice", 1, "no user"},
				{"", "token revoke nonsense", 1, "not a guid"},
				{"portal secret\n", "portal-account create shop", 0, "Created the portal account"},
				{"", "portal-account list", 0, "shop"},
				{"another secret\n", "portal-account password shop", 0, "Set the password"},
				{"", "portal-account delete shop", 0, "Deleted"},
				{"", "portal-account delete shop", 1, "no portal account"},
			} {
				status, out, errs := cloudapi(t, c.in, append(strings.Fields(c.args), "--database-url", url)...)
				if status != c.status || !strings.Contains(out+errs, c.has) {
					t.Errorf("%s: %d %s%s", c.args, status, out, errs)
				}
				if c.has != "not a guid" && !strings.Contains(errs, "Database: "+name) || strings.Contains(errs, "secret") {
					t.Errorf("%s does not say which database it is about: %s", c.args, errs)
				}
				if strings.HasPrefix(c.args, "token create") {
					token = strings.TrimSpace(out)
					if answer := s.ask(t, http.MethodGet, "/graphql?query={__typename}", "", "Authorization", "Bearer "+token); !strings.Contains(answer, "Query") {
						t.Errorf("the token does not open the API: %s", answer)
					}
				}
			}
		})
	}
}

// TestNoCommandMakesADatabase: only commands meant for it create a database.
func TestNoCommandMakesADatabase(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	empty := pgtest.URL(t)
	for _, command := range []string{
		"migrate status", "migrate up --dry-run", "backup copy.db", "user list", "user delete x", "user role x MEMBER", "user disable x", "user enable x",
		"token list x", "token create x y", "token revoke x", "portal-account list", "portal-account delete x",
	} {
		status, out, errs := cloudapi(t, "", append(strings.Fields(command), "--database-url", "sqlite://"+missing)...)
		if command != "token revoke x" && (status != 1 || !strings.Contains(errs, missing)) {
			t.Errorf("%s: %d %s%s", command, status, out, errs)
		}
		if _, err := os.Stat(missing); !os.IsNotExist(err) {
			t.Fatalf("%s has made the file", command)
		}
	}
	if status, _, errs := cloudapi(t, "", "user", "list", "--database-url", empty); status != 1 || !strings.Contains(errs, "is empty") {
		t.Errorf("an empty PostgreSQL database: %d %s", status, errs)
	}
	if status, out, _ := cloudapi(t, "", "migrate", "up", "--dry-run", "--database-url", empty); status != 0 || !strings.Contains(out, `CREATE TABLE "customers"`) {
		t.Errorf("a dry run: %d %.200s", status, out)
	}
	if status, _, errs := cloudapi(t, "", "user", "list", "--database-url", empty); status != 1 {
		t.Errorf("the dry run has changed something: %s", errs)
	}
}

// TestErrorsAreInWords: the driver's message is not shown.
func TestErrorsAreInWords(t *testing.T) {
	real := pgtest.URL(t)
	text := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, has := range map[string]string{
		"postgres://nobody:hunter22@127.0.0.1:1/none?sslmode=disable":  "No server listens at 127.0.0.1:1",
		strings.Replace(real, "sslmode=disable", "sslmode=require", 1): "sslmode=disable",
		"sqlite://" + text:                     "not an SQLite database",
		"sqlite:///nowhere/at/all/cloudapi.db": "does not exist",
	} {
		status, _, errs := cloudapi(t, "", "user", "list", "--database-url", url)
		if status != 1 || !strings.Contains(errs, has) {
			t.Errorf("%s: %d %s", url, status, errs)
		}
		for _, driver := range []string{"pq:", "dial tcp", "SQL logic", "hunter22", "store:"} {
			if strings.Contains(errs, driver) {
				t.Errorf("%s: the message has %q: %s", url, driver, errs)
			}
		}
	}
}

// TestDemoIsForDemos: demo opens only databases that it created, and serve does not open one with the demo's well-known
// password.
func TestDemoIsForDemos(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain.db")
	s := start(t, "--database-url", "sqlite://"+plain)
	s.stop()
	for _, url := range []string{"sqlite://" + plain, pgtest.URL(t)} {
		if status, _, errs := cloudapi(t, "", "demo", "--listen", "127.0.0.1:0", "--database-url", url); status != 1 || !strings.Contains(errs, "emo") {
			t.Errorf("demo on %s: %d %s", url, status, errs)
		}
	}
	own := filepath.Join(t.TempDir(), "demo.db")
	for range 2 { // created, then opened again
		ctx, stop := context.WithCancel(t.Context())
		out := &lines{}
		done := make(chan int, 1)
		go func() {
			done <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--drain-time", "0s", "--database-url", "sqlite://" + own}, strings.NewReader(""), out, out)
		}()
		await(t, "the demo serves", func() bool { return strings.Contains(out.String(), "The playground is at") })
		stop()
		if status := <-done; status != 0 {
			t.Fatalf("the demo: %d %s", status, out)
		}
	}
	status, _, errs := cloudapi(t, "", "serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite://"+own)
	if status != 1 || !strings.Contains(errs, "cloudapi user password admin") {
		t.Errorf("serve on a demo: %d %s", status, errs)
	}
}

// TestWords tests commands that need no database.
func TestWords(t *testing.T) {
	for args, has := range map[string]string{
		"": "Usage: cloudapi", "help": "Usage: cloudapi", "help user create": "The login", "version": "\n", "schema": "type Customer ",
		"openapi": `"openapi"`, "completion bash": "complete -o default", "serve --print-config": "command line",
	} {
		fields := strings.Fields(args)
		if args == "serve --print-config" {
			t.Setenv("CLOUDAPI_SECRET_KEY", "hidden")
			t.Setenv("CLOUDAPI_LISTENN", "127.0.0.1:1")
			fields = append(fields, "--database-url", "postgres://user:hidden@host/name?password=hidden", "--request-time", "5s")
		}
		status, out, errs := cloudapi(t, "", fields...)
		if status != 0 || !strings.Contains(out, has) {
			t.Errorf("%q: %d %s%s", args, status, out, errs)
		}
		if strings.Contains(out, "hidden") {
			t.Errorf("%q shows a secret: %s", args, out)
		}
		if args == "serve --print-config" {
			for _, want := range []string{"environment: CLOUDAPI_SECRET_KEY", "5s", "default"} {
				if !strings.Contains(out, want) {
					t.Errorf("--print-config lacks %q: %s", want, out)
				}
			}
			if !strings.Contains(errs, "CLOUDAPI_LISTENN") || !strings.Contains(errs, "did you mean CLOUDAPI_LISTEN?") {
				t.Errorf("the misspelt variable is not named: %s", errs)
			}
		}
	}
	if status, _, errs := cloudapi(t, "", "serve", "--listn", "x"); status != 2 || !strings.Contains(errs, "--listen") {
		t.Errorf("a misspelt flag: %d %s", status, errs)
	}
	if status, _, errs := cloudapi(t, "", "srve"); status != 2 || !strings.Contains(errs, "serve") {
		t.Errorf("a misspelt command: %d %s", status, errs)
	}
}

// TestCompletionIsAScript: bash can run the script, and it completes commands.
func TestCompletionIsAScript(t *testing.T) {
	_, script, _ := cloudapi(t, "", "completion", "bash")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script+`
COMP_WORDS=(cloudapi user del); COMP_CWORD=2; _cloudapi; echo "${COMPREPLY[@]}"
COMP_WORDS=(cloudapi user delete alice --data); COMP_CWORD=4; _cloudapi; echo "${COMPREPLY[@]}"`)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "delete\n--database-url\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// TestHealth checks a server as a container engine does.
func TestHealth(t *testing.T) {
	s := start(t, "--database-url", "sqlite://"+filepath.Join(t.TempDir(), "test.db"))
	address := strings.TrimPrefix(s.URL, "http://")
	for _, args := range [][]string{{"health", "--listen", address}, {"health", "--ready", "--listen", address}} {
		if status, out, errs := cloudapi(t, "", args...); status != 0 {
			t.Errorf("%v: %d %s%s", args, status, out, errs)
		}
	}
	s.stop()
	if status, _, errs := cloudapi(t, "", "health", "--listen", address); status != 1 || !strings.Contains(errs, "No server answers") {
		t.Errorf("without a server: %d %s", status, errs)
	}
}
