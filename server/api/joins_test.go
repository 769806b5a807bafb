package api_test

import (
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestManyConditionsOnOthers: a filter may have at most 100 conditions on other entities; SQLite cannot plan many more.
func TestManyConditionsOnOthers(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		conditions := func(n int) map[string]any {
			all := make([]any, n)
			for i := range all {
				all[i] = map[string]any{"hasCloudUserGroupsWith": []any{map[string]any{"name": "x"}}}
			}
			return map[string]any{"w": map[string]any{"and": all}}
		}
		const query = `query($w: CustomerWhereInput) { customers(where: $w) { totalCount } }`
		for _, login := range []string{apitest.Member, apitest.Administrator} {
			if answer := a.Query(login, query, conditions(100)); !strings.Contains(answer.Body, `"totalCount":0`) {
				t.Errorf("%s, 100 conditions: %.300s", login, answer.Body)
			}
			if answer := a.Query(login, query, conditions(101)); !strings.Contains(answer.Body, `"limit":"joins"`) {
				t.Errorf("%s, 101 conditions: %.300s", login, answer.Body)
			}
		}
	})
}
