package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"cloudapi/ent"
	"cloudapi/internal/budget"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/export"
)

func exported(a *apitest.API, login, file, where string, headers ...string) apitest.Answer {
	target := "/export/" + file
	if where != "" {
		target += "?where=" + url.QueryEscape(where)
	}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return a.Do(r, login)
}

// TestExport: both forms have the customers that the caller may see and that the filter selects, and CSV has nothing that a
// spreadsheet executes.
func TestExport(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		a.Query(apitest.Operator, `mutation { createCustomer(input: {name: "=cmd()", city: "Gh\"ent,\nBE", description: "-1", address: "＝x"
			capacityAvailable: [{type: CU, amount: 9007199254740991}, {type: CU, amount: 9007199254740991}] }) { job { id } } }`, nil)
		own := a.Customer(t, "own")
		a.Group(t, own, apitest.Member)

		file := exported(a, apitest.Operator, "customers.csv", "")
		lines, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
		if err != nil || len(lines) != 3 || !slices.Equal(lines[0], export.Columns()) {
			t.Fatalf("%v %d %s", err, file.Status, file.Body)
		}
		cell := func(name string) string { return lines[1][slices.Index(lines[0], name)] }
		if cell("name") != "'=cmd()" || cell("city") != "Gh\"ent,\nBE" || cell("description") != "'-1" || cell("address") != "'＝x" ||
			cell("availableCU") != "18014398509481982" || cell("consumedWV") != "0" || cell("status") != "CONFIGURED" {
			t.Errorf("%q", lines[1])
		}
		if h := file.Header; !strings.HasPrefix(h.Get("Content-Type"), "text/csv") || h.Get("Content-Disposition") != `attachment; filename="customers.csv"` ||
			h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", h)
		}

		jsonl := exported(a, apitest.Operator, "customers.jsonl", `{"nameContainsFold": "CMD"}`)
		if strings.Count(jsonl.Body, "\n") != 1 || !strings.HasPrefix(jsonl.Body, `{"id":"`) || !strings.Contains(jsonl.Body, `"name":"=cmd()"`) ||
			!strings.Contains(jsonl.Body, `{"type":"CU","available":"18014398509481982"`) {
			t.Errorf("%s", jsonl.Body)
		}
		if mine := exported(a, apitest.Member, "customers.jsonl", ""); strings.Count(mine.Body, "\n") != 1 || !strings.Contains(mine.Body, own) {
			t.Errorf("a member gets %s", mine.Body)
		}
		if none := exported(a, apitest.Operator, "customers.csv", `{"name": "nobody"}`); strings.Count(none.Body, "\n") != 1 {
			t.Errorf("%q", none.Body)
		}
	})
}

// TestRefusedExports: what is wrong is said before a file begins.
func TestRefusedExports(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	a.Customer(t, "secret")
	for name, c := range map[string]struct {
		answer apitest.Answer
		status int
		says   string
	}{
		"nobody":          {exported(a, "", "customers.csv", ""), 401, "UNAUTHENTICATED"},
		"another site":    {exported(a, apitest.Operator, "customers.csv", "", "Sec-Fetch-Site", "cross-site"), 403, "FORBIDDEN"},
		"another form":    {exported(a, apitest.Operator, "customers.xlsx", ""), 404, "customers.jsonl"},
		"no JSON":         {exported(a, apitest.Operator, "customers.csv", "{"), 400, `"field":"where"`},
		"no object":       {exported(a, apitest.Operator, "customers.csv", "[]"), 400, `"field":"where"`},
		"no such filter":  {exported(a, apitest.Operator, "customers.csv", `{"nam": "x"}`), 400, "nam"},
		"no status":       {exported(a, apitest.Operator, "customers.csv", `{"status": "GONE"}`), 400, "BAD_USER_INPUT"},
		"another name":    {a.Do(httptest.NewRequest(http.MethodGet, "/export/customers.csv?filter={}", nil), apitest.Operator), 400, `"field":"filter"`},
		"a change":        {a.Do(httptest.NewRequest(http.MethodPost, "/export/customers.csv", nil), apitest.Operator), 405, ""},
		"too many values": {exported(a, apitest.Operator, "customers.csv", `{"idIn": ["`+strings.Repeat(`a", "`, 3000)+`"]}`), 400, ""},
	} {
		if c.answer.Status != c.status || !strings.Contains(c.answer.Body, c.says) || strings.Contains(c.answer.Body, "secret") {
			t.Errorf("%s: %d %.500s", name, c.answer.Status, c.answer.Body)
		}
	}
}

// TestLargeExport: a file is larger than an answer may be, complete, and in pages.
func TestLargeExport(t *testing.T) {
	apitest.Each(t, func(t *testing.T, first *apitest.API) {
		a := apitest.Open(t, first.URL, func(o *api.Options) { o.Budget = budget.Limits{Bytes: 3 << 20} })
		const customers = 1_203
		text := strings.Repeat("x", 4_000)
		ctx := viewer.SystemContext(t.Context())
		for from := 0; from < customers; from += 100 {
			_, err := a.Client.Customer.MapCreateBulk(make([]int, min(100, customers-from)), func(c *ent.CustomerCreate, i int) {
				name := fmt.Sprintf("c%04d", from+i)
				c.SetName(name).SetNameFold(name).SetDescription(text)
			}).Save(ctx)
			if err != nil {
				t.Fatal(err)
			}
		}
		file := exported(a, apitest.Operator, "customers.csv", "")
		lines, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
		if err != nil || len(lines) != customers+1 || lines[customers][4] != fmt.Sprintf("c%04d", customers-1) {
			t.Fatalf("%v: %d lines, %d bytes", err, len(lines), len(file.Body))
		}
	})
}

// TestExportIsDocumented: each column stands in docs/export.md.
func TestExportIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/export.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range export.Columns() {
		if !strings.Contains(string(text), "`"+column+"`") {
			t.Errorf("docs/export.md does not have the column %s", column)
		}
	}
}
