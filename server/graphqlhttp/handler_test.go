package graphqlhttp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

const (
	newer = "application/graphql-response+json"
	older = "application/json"
)

// call is a request, and what its answer must be like.
type call struct {
	method, accept, contentType string
	path                        string // the query string, for /graphql
	body                        string
	header                      string // one more, "Name: value"
	status                      int
	want                        []string // in the body
	absent                      []string // not in the body
}

func query(text string) string { return "?query=" + url.QueryEscape(text) }

func TestRequests(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/http.db")
	const typename, post = `{"query":"{ __typename }"}`, http.MethodPost
	for name, c := range map[string]call{
		"the newer type":         {accept: newer, body: typename, status: 200, want: []string{`"data":{"__typename":"Query"}`}},
		"the older type":         {accept: older, body: typename, status: 200},
		"no Accept":              {body: typename, status: 200},
		"an empty Accept":        {accept: " ", body: typename, status: 200},
		"anything":               {accept: "*/*", body: typename, status: 200},
		"the heavier one":        {accept: older + ";q=0.5, " + newer + ";q=0.9", body: "{}", status: 400},
		"another type":           {accept: "text/html", body: typename, status: 406},
		"refused by weight":      {accept: older + ";q=0, " + newer + ";q=0", body: typename, status: 406},
		"another method":         {method: http.MethodPut, body: typename, status: 405, want: []string{"GET and POST"}},
		"a form":                 {contentType: "application/x-www-form-urlencoded", body: "query={__typename}", status: 415},
		"multipart":              {contentType: "multipart/form-data; boundary=x", body: "--x--", status: 415},
		"text":                   {contentType: "text/plain", body: typename, status: 415},
		"no type":                {contentType: "-", body: typename, status: 415},
		"another charset":        {contentType: older + "; charset=utf-16", body: typename, status: 415},
		"a charset":              {contentType: older + "; charset=UTF-8", body: typename, status: 200},
		"compressed":             {header: "Content-Encoding: gzip", body: typename, status: 415},
		"too large":              {body: `{"query":"{ __typename } #` + strings.Repeat("x", 1<<20) + `"}`, status: 413, want: []string{"1048576", `"TOO_LARGE"`}},
		"no JSON":                {body: "{__typename}", status: 400, want: []string{"no JSON at byte"}, absent: []string{"__typename"}},
		"half of it":             {body: `{"query":`, status: 400, want: []string{"too early"}},
		"nothing":                {status: 400, want: []string{"too early"}},
		"a batch":                {body: "[" + typename + "]", status: 400, want: []string{"one at a time"}},
		"a number":               {body: "1", status: 400, want: []string{"another JSON value"}},
		"two values":             {body: typename + typename, status: 400, want: []string{"follows the first value"}},
		"a member twice":         {body: `{"query":"{ a }","query":"{ __typename }"}`, status: 400, want: []string{"twice"}},
		"a member in capitals":   {body: `{"QUERY":"{ __typename }"}`, status: 400, want: []string{"no query"}},
		"members of other names": {body: `{"query":"{ __typename }","more":[1]}`, status: 200},
		"broken UTF-8":           {body: "{\"query\":\"{ __typename } #\xff\"}", status: 400, want: []string{"UTF-8"}},
		"half a surrogate":       {body: `{"query":"{ __typename }","variables":{"a":"\ud800"}}`, status: 400, want: []string{"surrogate"}},
		"half a surrogate in GraphQL": {
			body: `{"query":"{ domain(name: \"a\\ud800\") { id } }"}`, accept: newer, status: 400, want: []string{"surrogate"},
		},
		"brackets":                   {body: `{"query":"{ __typename }","variables":{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}}", status: 400},
		"a query that is no text":    {body: `{"query":1}`, status: 400, want: []string{"query must be a string", `"field":"query"`}},
		"an operation that is none":  {body: `{"query":"{ __typename }","operationName":1}`, status: 400, want: []string{"operationName must be a string"}},
		"variables that are none":    {body: `{"query":"{ __typename }","variables":[1]}`, status: 400, want: []string{"variables must be a JSON object"}},
		"extensions that are none":   {body: `{"query":"{ __typename }","extensions":"a"}`, status: 400, want: []string{"extensions must be a JSON object"}},
		"null is not given":          {body: `{"query":"{ __typename }","operationName":null,"variables":null,"extensions":null}`, status: 200},
		"no GraphQL, newer":          {accept: newer, body: `{"query":"{"}`, status: 400, want: []string{"GRAPHQL_PARSE_FAILED"}, absent: []string{`"data"`}},
		"no GraphQL, older":          {accept: older, body: `{"query":"{"}`, status: 200, want: []string{"GRAPHQL_PARSE_FAILED"}, absent: []string{`"data"`}},
		"not valid, newer":           {accept: newer, body: `{"query":"{ nothing }"}`, status: 400, want: []string{"GRAPHQL_VALIDATION_FAILED"}, absent: []string{`"data"`}},
		"a variable that is none":    {accept: newer, body: `{"query":"query($i: ID!) { customer(id: $i) { id } }"}`, status: 400, absent: []string{`"data"`}},
		"a failure has data":         {accept: newer, body: `{"query":"{ customer(id: \"00000000-0000-4000-8000-000000000000\") { id } }"}`, status: 200, want: []string{`"data":`, "NOT_FOUND"}},
		"numbers stay exact":         {accept: newer, body: `{"query":"query($n: Int) { customers(first: $n) { totalCount } }","variables":{"n":9007199254740993}}`, status: 400, want: []string{"9007199254740993"}},
		"a GET":                      {method: http.MethodGet, path: query("{ __typename }"), status: 200, want: []string{`"Query"`}},
		"a GET with variables":       {method: http.MethodGet, path: query("query($n: Int) { customers(first: $n) { totalCount } }") + `&variables={"n":1}`, status: 200, want: []string{`"totalCount":0`}},
		"a GET with null variables":  {method: http.MethodGet, path: query("{ __typename }") + "&variables=null&operationName=&extensions=", status: 200},
		"a GET that changes":         {method: http.MethodGet, accept: newer, path: query("mutation { signOut(input: {}) { __typename } }"), status: 405, want: []string{"POST"}, absent: []string{`"data"`}},
		"a GET twice":                {method: http.MethodGet, path: query("{ __typename }") + "&query=a", status: 400, want: []string{"more than once"}},
		"a GET in broken UTF-8":      {method: http.MethodGet, path: "?query=%ff", status: 400, want: []string{"UTF-8"}},
		"a GET with a half":          {method: http.MethodGet, path: query("{ __typename }") + `&variables={"a":"\ud800"}`, status: 400},
		"a GET of a malformed query": {method: http.MethodGet, path: "?query=%zz", status: 400, want: []string{"malformed"}},
		"a GET of nothing":           {method: http.MethodGet, status: 400, want: []string{"no query"}},
		"another operation":          {accept: newer, body: `{"query":"query a { __typename }","operationName":"b"}`, status: 400, absent: []string{`"data"`}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.method == "" {
				c.method = post
			}
			check(t, c, a.Do(c.request(), apitest.Administrator))
		})
	}
}

func (c call) request() *http.Request {
	r := httptest.NewRequest(c.method, "/graphql"+strings.ReplaceAll(c.path, `"`, "%22"), strings.NewReader(c.body))
	if c.accept != "" {
		r.Header.Set("Accept", strings.TrimSpace(c.accept))
	}
	switch c.contentType {
	case "":
		r.Header.Set("Content-Type", older)
	case "-":
	default:
		r.Header.Set("Content-Type", c.contentType)
	}
	if name, value, ok := strings.Cut(c.header, ": "); ok {
		r.Header.Set(name, value)
	}
	return r
}

func check(t *testing.T, c call, answer apitest.Answer) {
	t.Helper()
	if answer.Status != c.status {
		t.Errorf("status %d, want %d: %.300s", answer.Status, c.status, answer.Body)
	}
	if !json.Valid([]byte(answer.Body)) {
		t.Errorf("no JSON: %.300s", answer.Body)
	}
	if answer.Status == http.StatusMethodNotAllowed && answer.Header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	for _, want := range c.want {
		if !strings.Contains(answer.Body, want) {
			t.Errorf("without %q: %.300s", want, answer.Body)
		}
	}
	for _, absent := range c.absent {
		if strings.Contains(answer.Body, absent) {
			t.Errorf("with %q: %.300s", absent, answer.Body)
		}
	}
}
