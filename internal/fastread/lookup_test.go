package fastread_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestSQLiteLooksUp: the statements of SQLite find the rows of each level by an
// index, whatever the planner could choose.
func TestSQLiteLooksUp(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	id := fill(t, a)[8]
	var sent []string
	a.Store.Watch(func(_ context.Context, query string) func(error) {
		sent = append(sent, query)
		return func(error) {}
	})
	const nested = `name capacityAvailable { type customer { name } } capacityBalance { type remaining } domains(orderBy: {field: NAME}) { totalCount nodes { name } }
		cloudUserGroups(last: 2) { nodes { name users { nodes { login } } } } cloudSpaces { nodes { name children { nodes { name parent { name } } } } }
		jobs(orderBy: {field: STARTED_AT, direction: DESC}) { nodes { action } pageInfo { hasNextPage } }`
	scan := regexp.MustCompile(`SCAN t\d+$`)
	for _, query := range []string{
		`{ customer(id: "` + id + `") { ` + nested + ` } }`,
		`{ customers(first: 5) { nodes { ` + nested + ` } pageInfo { hasNextPage endCursor } } }`,
		`{ customers(last: 5, orderBy: {field: NAME, direction: DESC}) { nodes { ` + nested + ` } } }`,
	} {
		sent = nil
		if answer := a.Query(apitest.Administrator, query, nil); strings.Contains(answer.Body, `"errors"`) {
			t.Fatal(answer.Body)
		}
		fast := sent[len(sent)-1]
		if !strings.HasPrefix(fast, "WITH c0") {
			t.Fatalf("the last statement is %s", fast)
		}
		for _, step := range explain(t, a, fast) {
			if scan.MatchString(step) {
				t.Errorf("%s: %s", query, step)
			}
		}
	}
}

// explain are the steps by which SQLite runs a statement.
func explain(t *testing.T, a *apitest.API, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	for i := range args {
		args[i] = ""
	}
	rows, err := a.Client.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if rows.Err() != nil || len(steps) == 0 {
		t.Fatalf("no steps: %v", rows.Err())
	}
	return steps
}
