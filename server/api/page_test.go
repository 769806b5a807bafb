package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// eachPath runs a test on SQLite, and on PostgreSQL with and without fast reads.
func eachPath(t *testing.T, test func(t *testing.T, a *apitest.API)) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		test(t, a)
		if a.Reader != nil && a.Store.Dialect() == "postgres" && a.Reader.Failed.Load() > 0 {
			t.Errorf("%d fast reads failed: see %q in the log", a.Reader.Failed.Load(), warnings(a))
		}
	})
	t.Run("postgres, ordinary", func(t *testing.T) {
		test(t, apitest.New(t, pgtest.URL(t), func(o *api.Options) { o.OrdinaryReads = true }))
	})
}

// warnings returns the lines of the log that are not ordinary request lines.
func warnings(a *apitest.API) []string {
	return slices.DeleteFunc(strings.Split(a.Log.String(), "\n"), func(line string) bool { return !strings.Contains(line, "level=WARN") })
}

type listed struct {
	Edges    []struct{ Cursor string }
	PageInfo struct{ HasPreviousPage, HasNextPage bool }
}

// TestPagesAreCutByBothCursors: Relay's algorithm, for root fields and nested ones.
func TestPagesAreCutByBothCursors(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		customer := a.Customer(t, "one")
		for i := range 12 {
			g, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: fmt.Sprint("g", i%3)})
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Get(apitest.Administrator, "cloud_api_customer/addCloudUserGroup?customerguid="+customer+"&cloudusergroupguid="+g.CloudUserGroup.ID.String()); got.Status != 200 {
				t.Fatal(got.Body)
			}
		}
		roots := map[string]string{"at the root": "{ x: cloudUserGroups(%s) { %s } }", "below": `{ customer(id: "` + customer + `") { x: cloudUserGroups(%s) { %s } } }`}
		for name, root := range roots {
			for _, order := range []string{"", ", orderBy: {field: NAME}", ", orderBy: {field: NAME, direction: DESC}", ", orderBy: {field: CREATED_AT, direction: DESC}"} {
				t.Run(name+order, func(t *testing.T) { pageCases(t, a, root, order) })
			}
		}
	})
}

func pageCases(t *testing.T, a *apitest.API, root, order string) {
	ask := func(args, selected string) listed {
		t.Helper()
		return askList(t, a, fmt.Sprintf(root, args+order, selected))
	}
	all := ask("first: 12", "edges { cursor }").Edges
	place := map[string]int{}
	for i, e := range all {
		place[e.Cursor] = i
	}
	if len(place) != 12 {
		t.Fatalf("%d cursors, want 12", len(place))
	}
	for _, c := range []struct {
		args                   string
		from, to               int // of the page, in the whole list
		hasPrevious, hasFollow bool
	}{
		{"first: 2, before: c3", 0, 2, false, true},
		{"before: c3", 0, 3, false, true},
		{"last: 2, after: c3", 10, 12, true, false},
		{"first: 2, after: c3, before: c8", 4, 6, true, true},
		{"last: 2, after: c3, before: c8", 6, 8, true, true},
		{"after: c3, before: c4", 4, 4, true, true},
		{"after: c8, before: c3", 9, 9, true, true},
		{"first: 5, last: 2", 3, 5, true, true},
		{"first: 2, last: 5", 0, 2, false, true},
		{"first: 12, last: 12", 0, 12, false, false},
		{"first: 5, last: 1, after: c8", 11, 12, true, false},
		{"first: 3", 0, 3, false, true},
		{"last: 3", 9, 12, true, false},
		{"after: null, before: null, first: null, last: 1", 11, 12, true, false},
	} {
		args := regexp.MustCompile(`\bc\d+`).ReplaceAllStringFunc(c.args, func(name string) string {
			at, _ := strconv.Atoi(name[1:])
			return strconv.Quote(all[at].Cursor)
		})
		got := ask(args, "edges { cursor } pageInfo { hasPreviousPage hasNextPage }")
		var want, is []int
		for i := c.from; i < c.to; i++ {
			want = append(want, i)
		}
		for _, e := range got.Edges {
			is = append(is, place[e.Cursor])
		}
		if !slices.Equal(is, want) || got.PageInfo.HasPreviousPage != c.hasPrevious || got.PageInfo.HasNextPage != c.hasFollow {
			t.Errorf("%s: %v %v, want %v %v %v", c.args, is, got.PageInfo, want, c.hasPrevious, c.hasFollow)
		}
		alone := ask(args, "pageInfo { hasNextPage hasPreviousPage }")
		if alone.PageInfo != got.PageInfo {
			t.Errorf("%s: pageInfo alone is %v, with edges %v", c.args, alone.PageInfo, got.PageInfo)
		}
	}
}

// askList requests one list with the alias x.
func askList(t *testing.T, a *apitest.API, query string) listed {
	t.Helper()
	answer := a.Query(apitest.Administrator, query, nil)
	var body struct {
		Data struct {
			X        *listed
			Customer struct{ X *listed }
		}
	}
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || answer.Status != 200 {
		t.Fatalf("%s: %d %s", query, answer.Status, answer.Body)
	}
	if body.Data.X != nil {
		return *body.Data.X
	}
	if body.Data.Customer.X == nil {
		t.Fatalf("%s: %s", query, answer.Body)
	}
	return *body.Data.Customer.X
}

// forgedPair returns a cursor of a list of customers with two values that its order cannot have.
func forgedPair(order string, second any) string {
	columns := map[string]string{"COUNTRY_NAME": "country,name_fold", "CITY": "city"}
	list := ent.List{Object: "Query", Field: "customers", Column: columns[order], Direction: "ASC"}
	return ent.EncodeCursor(list.Cursor(uuid.New(), ent.Pair{First: "BE", Second: second}))
}

// TestForeignCursorsAreRefused: a cursor of another field or order is a client error, whatever is selected.
func TestForeignCursorsAreRefused(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "one")
		cursor := func(field, args string) string {
			return askList(t, a, "{ x: "+field+"("+args+") { edges { cursor } } }").Edges[0].Cursor
		}
		own := cursor("customers", "first: 1")
		for _, c := range []string{cursor("customers", "first: 1, orderBy: {field: NAME}"), cursor("customers", "first: 1, orderBy: {field: CREATED_AT}"),
			cursor("customers", "first: 1, orderBy: {field: STATUS_NAME}"), cursor("cloudUsers", "first: 1"), forgedPair("COUNTRY_NAME", time.Now()), forgedPair("CITY", "text")} {
			for _, argument := range []string{"after", "before"} {
				for _, selected := range []string{"nodes { id }", "totalCount", "pageInfo { hasNextPage }", "__typename"} {
					for _, query := range []string{
						"query($c: Cursor) { customers(first: 1, " + argument + ": $c, orderBy: {field: CITY}) { " + selected + " } }",
						"query($c: Cursor) { customers(first: 1, " + argument + ": $c, orderBy: {field: COUNTRY_NAME}) { " + selected + " } }",
						"query($c: Cursor) { customer(id: \"" + id + "\") { domains(" + argument + ": $c) { " + selected + " } } }",
					} {
						got := a.Query(apitest.Administrator, query, map[string]any{"c": c})
						if !strings.Contains(got.Body, `"BAD_USER_INPUT"`) || !strings.Contains(got.Body, `"field":"`+argument+`"`) || strings.Contains(got.Body, "INTERNAL") {
							t.Errorf("%s: %s", query, got.Body)
						}
					}
				}
			}
		}
		if got := a.Query(apitest.Administrator, `query($c: Cursor) { customers(after: $c) { totalCount } }`, map[string]any{"c": own}); !strings.Contains(got.Body, `"totalCount":1`) {
			t.Errorf("its own cursor: %s", got.Body)
		}
	})
}
