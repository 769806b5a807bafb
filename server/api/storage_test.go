package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"cloudapi/internal/idempotency"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestMembersTextsAreBounded: a job stores the texts of its change, so each KiB costs a member as much as a change.
func TestMembersTextsAreBounded(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		query := "mutation($text: String!, $params: ExecutionParams) {" +
			repeat(20, ` a%d: createCustomer(input: {name: "x", description: $text, execution: {params: $params}}) { job { id } }`) + "}"
		text := strings.Repeat("x", 4000)
		checkMemberWaits(t, a, 1, query, map[string]any{"text": text, "params": map[string]any{"description": text}})
	})
}

// TestMembersStoredAnswersAreBounded: an answer is stored under its Idempotency-Key, so each KiB costs a member as much as a
// change.
func TestMembersStoredAnswersAreBounded(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.UserID(t, apitest.Member).String()
		query := `mutation($id: ID!) { revokeAccessTokens(input: {cloudUserId: $id}) { job {` + repeat(45, " "+strings.Repeat("a", 100)+"%d: status") + ` } } }`
		stored := 0
		for ; stored < 60; stored++ {
			answer := a.Query(apitest.Member, query, map[string]any{"id": id}, "Idempotency-Key", strconv.Itoa(stored))
			if answer.Status == http.StatusTooManyRequests {
				break
			}
			if answer.Status != http.StatusOK || len(answer.Body) < 4<<10 {
				t.Fatal(answer.Body)
			}
		}
		if stored < 30 || stored > 59 {
			t.Errorf("a member stored %d answers", stored)
		}
	})
}

// TestALargeAnswerIsNotStored: a change under an Idempotency-Key is rolled back if its answer is too large to be stored.
func TestALargeAnswerIsNotStored(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		first := a.Customer(t, "c")
		_, group := a.Group(t, first, apitest.Member)
		text := strings.Repeat("文", 4000)
		for range 90 {
			id := a.Customer(t, "c")
			a.Client.Customer.UpdateOneID(uuid.MustParse(id)).SetDescription(text).ExecX(ctx)
			a.AddGroup(t, id, group)
		}
		const query = `mutation($id: ID!, $name: String!, $first: Int) { updateCloudUserGroup(input: {cloudUserGroupId: $id, name: $name}) {
			cloudUserGroup { customers(first: $first) { nodes { description } } } } }`
		ask := func(name string, first int) apitest.Answer {
			return a.Query(apitest.Operator, query, map[string]any{"id": group, "name": name, "first": first}, "Idempotency-Key", name)
		}
		large := ask("large", 100)
		if !strings.Contains(large.Body, `"code":"TOO_LARGE"`) || !strings.Contains(large.Body, fmt.Sprintf(`"max":%d`, idempotency.MaxAnswer)) {
			t.Errorf("%.300s", large.Body)
		}
		if name := a.Client.CloudUserGroup.GetX(ctx, group).Name; name == "large" {
			t.Error("the change was kept without its answer")
		}
		small := ask("small", 50)
		again := ask("small", 50)
		if data := gjson.Get(small.Body, "data"); strings.Contains(small.Body, "errors") || gjson.Get(again.Body, "data").Raw != data.Raw {
			t.Errorf("%.300s, then %.300s", small.Body, again.Body)
		}
	})
}

// TestMembersJSONIsBounded: the texts of a JSON object count like any other, written in the document, as a variable, or with a
// variable inside.
func TestMembersJSONIsBounded(t *testing.T) {
	text := strings.Repeat("x", 4000)
	for name, c := range map[string]struct {
		declared, other string
		vars            map[string]any
	}{
		"variable":        {"($o: JSONObject)", "$o", map[string]any{"o": map[string]any{"a": []any{text}}}},
		"variable inside": {"($text: String)", "{a: $text}", map[string]any{"text": text}},
		"document":        {"", `{a: ["` + text + `"]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
			query := "mutation" + c.declared + " {" +
				repeat(40, ` a%d: createCustomer(input: {name: "x", execution: {params: {other: `+c.other+`}}}) { job { id } }`) + "}"
			checkMemberWaits(t, a, 1, query, c.vars)
		})
	}
}
