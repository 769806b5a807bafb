package api_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestARequestEndsWithItsTime locks a table and does not let go: reads and
// changes by either face are given up for their own time, which is shorter than
// any limit of the database.
func TestARequestEndsWithItsTime(t *testing.T) {
	url := pgtest.URL(t)
	apitest.New(t, url)
	a := apitest.Open(t, url, func(o *api.Options) { o.RequestTime = 300 * time.Millisecond })
	id := a.Customer(t, "c")
	// Signing in has its own time.
	a.Query(apitest.Operator, "{ __typename }", nil)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	held, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Rollback()
	if _, err := held.ExecContext(t.Context(), "LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() apitest.Answer{
		"a query":  func() apitest.Answer { return reads["a query"](a, id) },
		"getYAML":  func() apitest.Answer { return reads["getYAML"](a, id) },
		"mutation": func() apitest.Answer { return writes["a mutation"](a, id, "x") },
	} {
		begun := time.Now()
		answer := ask()
		ended := strings.Contains(answer.Body, `"code":"TIMEOUT"`) || answer.Status == http.StatusGatewayTimeout
		// The database itself lets nobody wait for a lock longer than 10 s.
		if took := time.Since(begun); !ended || took > 8*time.Second {
			t.Errorf("%s, after %v: %d %s", name, took, answer.Status, answer.Body)
		}
	}
}
