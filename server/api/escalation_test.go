package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"cloudapi/ent/job"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestMembersSeeNoResultsOfOthers: the result of a job names groups that a member may not see.
func TestMembersSeeNoResultsOfOthers(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		id := a.Customer(t, "c")
		a.Group(t, id, apitest.Member)
		a.Rename(t, id, "renamed")
		hidden := uuid.NewString()
		a.Client.Job.Update().Where(job.CustomerID(uuid.MustParse(id))).SetResult(strictjson.Object{"customer": "cloudusergroups: [" + hidden + "]"}).ExecX(ctx)
		for login, shown := range map[string]bool{apitest.Member: false, apitest.Operator: true, apitest.Administrator: true} {
			answer := a.Query(login, `query($id: ID!) { customer(id: $id) { jobs { nodes { action result } } } }`, map[string]any{"id": id})
			if !strings.Contains(answer.Body, `"updateCustomer"`) || strings.Contains(answer.Body, hidden) != shown {
				t.Errorf("%s: %s", login, answer.Body)
			}
		}
	})
}

// TestATokenCreatesNoLongerOne: a personal access token that expires cannot create one that expires later.
func TestATokenCreatesNoLongerOne(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		const create = `mutation($at: Time) { createAccessToken(input: {name: "t", expiresAt: $at}) { token accessToken { expiresAt } } }`
		at := func(d time.Duration) map[string]any {
			return map[string]any{"at": time.Now().Add(d).UTC().Format(time.RFC3339)}
		}
		made := a.Query(apitest.Member, create, at(time.Hour))
		token := gjson.Get(made.Body, "data.createAccessToken.token").String()
		for name, c := range map[string]struct {
			vars map[string]any
			ok   bool
		}{"never": {nil, false}, "later": {at(2 * time.Hour), false}, "sooner": {at(time.Minute), true}} {
			answer := a.Query("", create, c.vars, as(token)...)
			if ok := !strings.Contains(answer.Body, `"errors"`); ok != c.ok {
				t.Errorf("%s: %s", name, answer.Body)
			}
			if !c.ok && gjson.Get(answer.Body, "errors.0.extensions.field").String() != "expiresAt" {
				t.Errorf("%s: %s", name, answer.Body)
			}
		}
		session := gjson.Get(a.Query("", `mutation($l: String!, $p: Secret!) { signIn(input: {login: $l, password: $p}) { token } }`,
			map[string]any{"l": apitest.Member, "p": apitest.Password}).Body, "data.signIn.token").String()
		if answer := a.Query("", create, nil, as(session)...); answer.Status != http.StatusOK || strings.Contains(answer.Body, `"errors"`) {
			t.Errorf("a session: %s", answer.Body)
		}
	})
}

// TestTreesAreBounded: a tree of jobs takes one statement, however deep it is, and a tree within a tree costs too much.
func TestTreesAreBounded(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		parent, first := (*uuid.UUID)(nil), uuid.Nil
		user := a.UserID(t, apitest.Member)
		for i := range 300 {
			j := a.Client.Job.Create().SetAction("createCustomer").SetName(fmt.Sprint(i)).SetStatus(job.StatusDONE).SetUserID(user).SetNillableParentID(parent).SaveX(ctx)
			if parent = &j.ID; i == 0 {
				first = j.ID
			}
		}
		vars := map[string]any{"id": first}
		answer := a.Query(apitest.Member, `query($id: ID!) { job(id: $id) { tree { name } } }`, vars)
		names := gjson.Get(answer.Body, "data.job.tree.#.name").Array()
		if len(names) != 300 {
			t.Fatalf("%d jobs: %.300s", len(names), answer.Body)
		}
		for i, name := range names {
			if name.String() != fmt.Sprint(i) {
				t.Fatalf("job %d is %s", i, name)
			}
		}
		for _, costly := range []string{"tree { tree { order } }", "tree { tree { id } }", repeat(20, "a%d: tree { order } ")} {
			answer := a.Query(apitest.Member, `query($id: ID!) { job(id: $id) { `+costly+` } }`, vars)
			if !strings.Contains(answer.Body, `"code":"TOO_LARGE"`) {
				t.Errorf("%s: %.300s", costly, answer.Body)
			}
		}
	})
}
