package api_test

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// failRegexes are those of docs/fail2ban, with its <ADDR> in Go's syntax.
func failRegexes(t *testing.T) []*regexp.Regexp {
	t.Helper()
	file, err := os.Open("../../docs/fail2ban/cloudapi.conf")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var found []*regexp.Regexp
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "failregex ="))
		if strings.HasPrefix(line, "^") {
			found = append(found, regexp.MustCompile(strings.ReplaceAll(line, "<ADDR>", `(?P<addr>[0-9a-fA-F:.]+)`)))
		}
	}
	if len(found) != 2 {
		t.Fatalf("%d expressions, want one for each form of the log", len(found))
	}
	return found
}

// TestFailedSignInsAreLines: for each failed sign-in fail2ban finds a log line with the address of the client and no other,
// whatever the client sends.
func TestFailedSignInsAreLines(t *testing.T) {
	t.Run("text", func(t *testing.T) {
		failedSignIns(t, func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) })
	})
	t.Run("json", func(t *testing.T) {
		failedSignIns(t, func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) })
	})
}

func failedSignIns(t *testing.T, form func(io.Writer) slog.Handler) {
	written := &apitest.Log{}
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.Log = slog.New(form(written)) })
	const forged = "x\" address=198.51.100.1 \ntime=2026-01-01T00:00:00.000Z level=WARN msg=\"sign-in failed\" address=198.51.100.2 "
	const guessed = "gu3ssed"
	for _, login := range []string{apitest.Administrator, "nobody", forged} {
		r := sent("GET", "/appserver/rest/cloud_api_customer/list", "")
		r.SetBasicAuth(login, guessed)
		a.Do(r, "")
	}
	a.Do(sent("GET", "/graphql?query={__typename}", "", "Authorization", "Bearer "+guessed), "")
	a.Query("", `mutation { signIn(input: {login: "ada", password: "`+guessed+`"}) { token } }`, nil)
	a.Do(sent("GET", "/"+"x%0Atime=2026-01-01T00:00:00.000Z%20level=WARN%20msg=%22sign-in%20failed%22%20address=198.51.100.3", ""), "")
	log := written.String()
	if strings.Contains(log, guessed) {
		t.Errorf("a secret is logged: %s", log)
	}
	failed, dated := 0, regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
	for line := range strings.Lines(log) {
		// fail2ban removes the time before it matches.
		line = dated.ReplaceAllString(line, "")
		for _, expression := range failRegexes(t) {
			if m := expression.FindStringSubmatch(line); m != nil {
				failed++
				if m[1] != "192.0.2.1" {
					t.Errorf("the address is %s: %s", m[1], line)
				}
			}
		}
	}
	if failed != 5 {
		t.Errorf("%d failed sign-ins are found, want 5:\n%s", failed, log)
	}
	for _, want := range []string{"wrong password", "unknown login", "nobody", "signIn", "oidc"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

// TestARequestIsALine: with everything needed to find it; health probes have none.
func TestARequestIsALine(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	a.Get(apitest.Administrator, "cloud_api_customer/getYAML?customerguid=00000000-0000-0000-0000-000000000000")
	a.Query(apitest.Administrator, "{ customerStatuses }", nil)
	a.Do(sent("GET", "/healthz", ""), "")
	a.Do(sent("GET", "/readyz", ""), "")
	a.Do(sent("GET", "/metrics", ""), "")
	log := a.Log.String()
	for _, want := range []string{
		"address=192.0.2.1", "code=NOT_FOUND", "operation=cloud_api_customer.getYAML", "operation=sha256:", "ms ", "bytes=",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if !regexp.MustCompile(`took=\d+\.\d{3}ms `).MatchString(log) {
		t.Errorf("the time has no unit: %s", log)
	}
	for _, probe := range []string{"/healthz", "/readyz", "/metrics"} {
		if strings.Contains(log, "path="+probe) {
			t.Errorf("%s is logged", probe)
		}
	}
}

// TestNobodyLearnsTheSchema: a caller who is not signed in gets the same answer to every document except signing in, valid
// or not.
func TestNobodyLearnsTheSchema(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	valid := a.Query("", "{ customers { totalCount } }", nil)
	if valid.Status != http.StatusUnauthorized {
		t.Fatalf("a valid query: %d %s", valid.Status, valid.Body)
	}
	const sign = `signIn(input: {login: "nobody", password: "guessed it"})`
	for _, query := range []string{
		"{ customrs { totalCount } }", "{ customers(frist: 1) { totalCount } }", "{ __schema { types { name } } }",
		"mutation { " + sign + " { viewer { groups { nodes { id } } } } }", "mutation { " + sign + " { viewer { nosuch { a { b } } } } }",
		"mutation A { " + sign + " { token } } query B { customers { totalCount } }", "mutation A { " + sign + " { token } } query B { nosuch }",
		"mutation { " + sign + " { viewer { ...f } } } fragment f on CloudUser { groups { nodes { id } } }",
		"mutation { " + sign + " { viewer { ...f } } } fragment f on CloudUser { ...f }",
	} {
		if answer := a.Query("", query, nil); answer.Status != valid.Status || answer.Body != valid.Body {
			t.Errorf("%s: %d %s, want %s", query, answer.Status, answer.Body, valid.Body)
		}
	}
	for _, query := range []string{
		"mutation { " + sign + " { tokn } }", "mutation { signIn(input: {login: 1}) { token } }", "mutation { " + sign + " { viewer { nosuch } } }",
		"mutation { signIn(inptu: {}) { token } }",
	} {
		answer := a.Query("", query, nil)
		if answer.Status != http.StatusBadRequest || strings.Contains(answer.Body, "SignIn") || strings.Contains(answer.Body, "CloudUser") || strings.Contains(answer.Body, "String") {
			t.Errorf("%s: %d %s", query, answer.Status, answer.Body)
		}
	}
	if answer := a.Query("", "mutation { signIn(input: {login: \"ada\", password: \""+apitest.Password+"\"}) { token expiresAt viewer { login role } } }", nil); !strings.Contains(answer.Body, `"login":"ada"`) {
		t.Errorf("signing in: %s", answer.Body)
	}
	if answer := a.Query(apitest.Member, "{ customrs { totalCount } }", nil); !strings.Contains(answer.Body, "customrs") {
		t.Errorf("who is signed in learns why: %s", answer.Body)
	}
}
