package conformance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cloudapi/server/api/apitest"
)

// search is the model of the root field: the guids of at most so many customers, best matches first. only is nil for viewers
// who see all customers and logins.
func (m *model) search(text string, most int, only func(row) bool) []string {
	text = fold(strings.TrimSpace(text))
	related := func(of list, c row, ok func(row) bool) bool { return slices.ContainsFunc(m.of(of, c), ok) }
	domains, groups, users := list{"Customer", "domains", "Domain"}, list{"Customer", "cloudUserGroups", "CloudUserGroup"}, list{"CloudUserGroup", "users", "CloudUser"}
	var steps []func(row) bool
	step := func(match func(has, text string) bool) {
		steps = append(steps,
			func(c row) bool { return match(fold(c["name"].(string)), text) },
			func(c row) bool {
				return related(domains, c, func(d row) bool { return match(d["name"].(string), text) })
			})
		steps = append(steps, func(c row) bool { return match(fold(c["city"].(string)), text) })
		if only == nil {
			steps = append(steps, func(c row) bool {
				return related(groups, c, func(g row) bool {
					return related(users, g, func(u row) bool { return match(fold(u["login"].(string)), text) })
				})
			})
		}
	}
	steps = append(steps, func(c row) bool { return fold(c["name"].(string)) == text }, func(c row) bool {
		return related(domains, c, func(d row) bool { return d["name"] == text })
	})
	step(strings.HasPrefix)
	if utf8.RuneCountInString(text) >= 3 {
		step(strings.Contains)
	}
	found := []string{}
	for _, matches := range steps {
		for _, c := range m.sorted("Customer", m.w.rows["customers"], map[string]any{"field": "NAME"}) {
			if len(found) < most && matches(c) && !slices.Contains(found, c.id()) && (only == nil || only(c)) {
				found = append(found, c.id())
			}
		}
	}
	return found
}

// searchesFollowTheModel searches for parts of existing texts, as an administrator and as an operator.
func searchesFollowTheModel(t *testing.T, w *world) {
	m, rnd := &model{t, w}, random(t)
	for range 60 {
		table := pick(rnd, []string{"customers", "customers", "domains", "cloud_users"})
		column := map[string]string{"customers": pick(rnd, []string{"name", "city"}), "domains": "name", "cloud_users": "login"}[table]
		runes := []rune(pick(rnd, w.rows[table])[column].(string))
		from := rnd.IntN(len(runes) + 1)
		text := string(runes[from : from+rnd.IntN(len(runes)-from+1)])
		if rnd.IntN(3) == 0 {
			text = strings.ToUpper(text)
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		first := 1 + rnd.IntN(30)
		for _, login := range []string{apitest.Administrator, apitest.Operator} {
			var only func(row) bool
			if login == apitest.Operator {
				only = func(row) bool { return true }
			}
			want := m.search(text, first, only)
			for _, p := range w.paths {
				body := p.api.Query(login, "query($t: String!, $n: Int) { search(text: $t, first: $n) { id } }", map[string]any{"t": text, "n": first}).Body
				var answer struct {
					Data struct{ Search []struct{ ID string } }
				}
				if err := json.Unmarshal([]byte(body), &answer); err != nil || strings.Contains(body, `"errors"`) {
					t.Fatalf("%q: %v %s", text, err, body)
				}
				got := []string{}
				for _, c := range answer.Data.Search {
					got = append(got, c.ID)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("%s, %s looks for %q, %d at most:\nmodel %v\ngot   %v", p.name, login, text, first, want, got)
				}
			}
		}
	}
}
