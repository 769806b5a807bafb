package event_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/tidwall/gjson"

	"cloudapi/internal/event"
	"cloudapi/internal/store"
)

// recorded is a database that notes the last query.
type recorded struct {
	event.Database
	query string
	args  []any
}

func (r *recorded) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.query, r.args = query, args
	return r.Database.QueryContext(ctx, query, args...)
}

// TestAPageLooksAtTheTableOnce: no part of the statement runs for each row of the page. PostgreSQL has no statistics of the
// table, as after a crash.
func TestAPageLooksAtTheTableOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, db database) {
		if s.Dialect() != "postgres" {
			return
		}
		for range 300 {
			insert(t, db, "DONE")
		}
		r := &recorded{Database: db}
		if page := readAll(t, event.NewLog(r), event.Position{}); len(page.Events) != 300 {
			t.Fatalf("%d events", len(page.Events))
		}
		var plan string
		rows, err := db.QueryContext(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+r.query, r.args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(&plan); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		found := 0
		var walk func(node gjson.Result)
		walk = func(node gjson.Result) {
			if node.Get("Relation Name").String() == "jobs" {
				found++
				if node.Get("Actual Loops").Int() > 1 {
					t.Errorf("%s", node)
				}
			}
			for _, below := range node.Get("Plans").Array() {
				walk(below)
			}
		}
		walk(gjson.Get(plan, "0.Plan"))
		if found == 0 {
			t.Errorf("the plan does not read jobs: %s", plan)
		}
	})
}
