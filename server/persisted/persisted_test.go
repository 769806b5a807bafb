package persisted_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/persisted"
)

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// step is a request about a document, and a part of its answer.
type step struct {
	body string
	get  bool
	want string
}

// of returns a request body with JSON members.
func of(members ...string) string { return "{" + strings.Join(members, ",") + "}" }

func text(query string) string {
	// A text can always be encoded.
	b, _ := json.Marshal(query)
	return `"query":` + string(b)
}

func hashed(hash string) string {
	return `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hash + `"}}`
}

func named(id string) string { return `"documentId":"` + id + `"` }

// run runs the steps one after another on one API.
func run(t *testing.T, a *apitest.API, steps []step) {
	t.Helper()
	for i, s := range steps {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(s.body))
		if s.get {
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(s.body), &members); err != nil {
				t.Fatal(err)
			}
			values := url.Values{}
			for name, value := range members {
				var plain string
				if json.Unmarshal(value, &plain) != nil {
					plain = string(value)
				}
				values.Set(name, plain)
			}
			r = httptest.NewRequest(http.MethodGet, "/graphql?"+values.Encode(), nil)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/graphql-response+json")
		answer := a.Do(r, apitest.Administrator)
		if !strings.Contains(answer.Body, s.want) {
			t.Errorf("step %d: %s\n%d %s\nwant %s", i, s.body, answer.Status, answer.Body, s.want)
		}
	}
}

const (
	count   = "query count { customers { totalCount } }"
	counted = `"totalCount":0`
	wrong   = "{ nothing }"
)

func TestAutomatic(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/automatic.db")
	run(t, a, []step{
		{body: of(hashed(sum(count))), want: `"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}`},
		{body: of(text(wrong), hashed(sum(wrong))), want: "GRAPHQL_VALIDATION_FAILED"},
		{body: of(hashed(sum(wrong))), want: persisted.CodeNotFound},
		{body: of(text(count), hashed(sum(wrong))), want: "The hash is not that of the query"},
		{body: of(hashed(sum(wrong))), want: persisted.CodeNotFound},
		{body: of(text(count), hashed(strings.ToUpper(sum(count)))), want: counted},
		{body: of(hashed(sum(count))), want: counted},
		{body: of(hashed(sum(count)), `"operationName":"count"`), get: true, want: counted},
		{body: of(named("sha256:" + sum(count))), want: counted},
		{body: of(named(sum(count))), get: true, want: counted},
		{body: of(named(sum(wrong))), want: persisted.CodeNotFound},
		{body: of(named(sum(wrong)), hashed(sum(count))), want: "name different documents"},
		{body: of(`"extensions":{"persistedQuery":1}`), want: "persistedQuery must be"},
		{body: of(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":7}}`), want: "persistedQuery must be"},
		{body: of(`"extensions":{"persistedQuery":{"version":2,"sha256Hash":"` + sum(count) + `"}}`), want: "must be 1"},
		{body: of(`"extensions":{"persistedQuery":null}`, text(count)), want: counted},
		{body: of(`"extensions":{"persistedQuery":null}`), want: "has no query"},
	})
}

// TestAGetNeverChanges: a GET must not run a mutation, neither by text nor by hash.
func TestAGetNeverChanges(t *testing.T) {
	const change = `mutation { createCustomer(input: {name: "x"}) { customer { name } } }`
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/get.db")
	run(t, a, []step{
		{body: of(text(change), hashed(sum(change))), want: `"name":"x"`},
		{body: of(hashed(sum(change))), get: true, want: "send it by POST"},
		{body: of(text(count)), want: `"totalCount":1`},
	})
}

func TestTurnedOff(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/off.db", func(o *api.Options) { o.NoPersistedQueries = true })
	run(t, a, []step{
		{body: of(text(count), hashed(sum(count))), want: counted},
		{body: of(hashed(sum(count))), want: `"message":"PersistedQueryNotSupported","extensions":{"code":"PERSISTED_QUERY_NOT_SUPPORTED"}`},
	})
}

func TestTrustedOnly(t *testing.T) {
	const other = "{ __typename }"
	files := t.TempDir()
	write(t, files, "count.graphql", count)
	write(t, files, "count.txt", other)
	write(t, files, "relay.json", `{"1":"`+count+`"}`)
	write(t, files, "apollo.json", `{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"1","body":"`+count+`","name":"count","type":"query"}]}`)
	for name, c := range map[string]struct{ path, id string }{
		"a directory":            {files, sum(count)},
		"an object of texts":     {filepath.Join(files, "relay.json"), "1"},
		"a manifest of Apollo's": {filepath.Join(files, "apollo.json"), "1"},
	} {
		t.Run(name, func(t *testing.T) {
			a := apitest.New(t, "sqlite://"+t.TempDir()+"/trusted.db", func(o *api.Options) { o.TrustedDocuments = c.path })
			run(t, a, []step{
				{body: of(named(c.id)), want: counted},
				{body: of(named("sha256:" + c.id)), want: counted},
				{body: of(hashed(c.id)), get: true, want: counted},
				{body: of(text(count)), want: counted},
				{body: of(text(count), named(c.id)), want: counted},
				{body: of(text(other)), want: `"code":"DOCUMENT_NOT_TRUSTED"`},
				{body: of(text(other), hashed(sum(other))), want: persisted.CodeNotFound},
				{body: of(text(other), named(c.id)), want: persisted.CodeNotTrusted},
				{body: of(named("2")), want: persisted.CodeNotFound},
				{body: of(), want: persisted.CodeNotTrusted},
			})
		})
	}
}

func TestTrustedMustBeThere(t *testing.T) {
	files := t.TempDir()
	write(t, files, "list.json", `["{ __typename }"]`)
	for _, path := range []string{filepath.Join(files, "none"), filepath.Join(files, "list.json")} {
		if _, err := persisted.Trusted(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func write(t *testing.T, directory, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
