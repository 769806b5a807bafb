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

// TestARequestEndsWithItsTime locks a table: reads and changes on either face end at their time limit. The database itself
// has no limit for waiting for the lock.
func TestARequestEndsWithItsTime(t *testing.T) {
	url := pgtest.URL(t) + "&lock_timeout=0"
	apitest.New(t, url)
	a := apitest.Open(t, url, func(o *api.Options) { o.RequestTime = 300 * time.Millisecond })
	id := a.Customer(t, "c")
	// Signing in has its own time limit.
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
		answer := ask()
		if !strings.Contains(answer.Body, `"code":"TIMEOUT"`) && answer.Status != http.StatusGatewayTimeout {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
}
