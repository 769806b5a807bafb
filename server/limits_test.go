package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestEachLimitIsAnOption: a request that exceeds a low limit is rejected with the limit's name, its value and the requested
// amount.
func TestEachLimitIsAnOption(t *testing.T) {
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db",
		"--max-body", "2000", "--max-header", "4096", "--max-tokens", "100", "--max-name", "20", "--max-depth", "5",
		"--max-aliases", "3", "--max-directives", "2", "--max-operations", "2", "--max-variables", "2", "--max-values", "5",
		"--max-input-depth", "3", "--max-cost", "5000", "--rate-burst", "6000", "--rate-per-second", "1")
	for limit, c := range map[string]struct{ query, has string }{
		"body":       {"{ __typename } # " + strings.Repeat("x", 2000), `"max":2000`},
		"tokens":     {"{ " + strings.Repeat("__typename ", 120) + "}", `"asked":1`},
		"name":       {"{ " + strings.Repeat("a", 21) + ": __typename }", `"asked":21`},
		"depth":      {"{ customers { nodes { domains { nodes { customer { domains { totalCount } } } } } } }", `"asked":7`},
		"aliases":    {"{ a: __typename b: __typename c: __typename d: __typename }", `"asked":4`},
		"directives": {"{ a: __typename @skip(if: false) @include(if: true) b: __typename @skip(if: true) }", `"asked":3`},
		"operations": {"query A { __typename } query B { __typename } query C { __typename }", `"asked":3`},
		"variables":  {"query ($a: ID!, $b: ID!, $c: ID!) { customer(id: $a) { id } }", `"asked":3`},
		"values":     {`{ customers(where: {idIn: ["1", "2", "3", "4", "5", "6", "7"]}) { totalCount } }`, `"max":5`},
		"inputDepth": {"{ customers(where: {not: {not: {not: {not: {}}}}}) { totalCount } }", `"max":3`},
		"cost":       {"{ customers(first: 500) { nodes { domains(first: 500) { nodes { id } } } } }", `"max":5000`},
	} {
		answer := s.ask(t, http.MethodPost, "/graphql", `{"query":`+quoted(c.query)+`}`, "Content-Type", "application/json")
		if !strings.Contains(answer, `"limit":"`+limit+`"`) || !strings.Contains(answer, c.has) || strings.Contains(answer, `"data"`) {
			t.Errorf("%s: %s", limit, answer)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/graphql?query={__typename}", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 20_000))
	refused, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(refused.Body)
	if err = errors.Join(err, refused.Body.Close()); err != nil || refused.StatusCode != http.StatusRequestHeaderFieldsTooLarge ||
		!strings.Contains(string(text), `"limit":"header"`) {
		t.Errorf("header: %d %.200s, %v", refused.StatusCode, text, err)
	}
	// No quota is restored during the test.
	if answer := s.query(t, "{ __typename }"); !strings.Contains(answer, `"remaining":59`) {
		t.Errorf("rate: %s", answer)
	}
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

// TestWrongOptionsAreRefused: invalid options are rejected before anything is opened.
func TestWrongOptionsAreRefused(t *testing.T) {
	for _, flags := range [][]string{
		{"--max-depth", "0"}, {"--max-body", "-1"}, {"--rate-burst=-2"}, {"--rate-burst", "2000"}, {"--secret-key", "secret"}, {"--secret-key", "0000000000000000000000000000000000000000000000000000000000000000"}, {"--read-time", "0s"}, {"--header-time=-1s"},
		{"--tls-cert", "cert.pem"}, {"--tls-key", "key.pem"}, {"--tls-cert", "none.pem", "--tls-key", "none.pem"},
		{"--introspection", "all"}, {"--trusted-documents", "none"}, {"--cors-origin", "example.com/path"},
	} {
		var errs bytes.Buffer
		args := append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-password", testPassword,
			"--database-url", "sqlite://" + t.TempDir() + "/test.db"}, flags...)
		status := run(t.Context(), args, strings.NewReader(""), io.Discard, &errs)
		if status == 0 || strings.Contains(errs.String(), "Internal") {
			t.Errorf("%v: status %d, %s", flags, status, errs.String())
		}
	}
}

// TestEachLimitOfTheBudgetIsAnOption: an operation that exceeds a limit during execution ends with the limit's name and its
// value.
func TestEachLimitOfTheBudgetIsAnOption(t *testing.T) {
	for limit, c := range map[string]struct{ flag, value, query string }{
		"objects": {"--max-objects", "1", "{ __schema { types { name } } }"},
		"answer":  {"--max-answer", "50", "{ __schema { types { name } } }"},
		"memory":  {"--max-memory", "100000", "{ __schema { types { name fields { name } } } }"},
	} {
		s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db", c.flag, c.value)
		answer := s.ask(t, http.MethodPost, "/graphql", `{"query":`+quoted(c.query)+`}`, "Content-Type", "application/json")
		if !strings.Contains(answer, `"limit":"`+limit+`"`) || !strings.Contains(answer, `"max":`+c.value) {
			t.Errorf("%s: %.300s", limit, answer)
		}
	}
}
