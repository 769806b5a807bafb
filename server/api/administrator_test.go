package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// clash is two concurrent changes by two administrators: each changes the other, or itself.
type clash struct {
	first, second func(own, other string) (string, map[string]any)
}

func demote(id string) (string, map[string]any) {
	return `mutation($id: ID!) { updateCloudUser(input: {cloudUserId: $id, role: MEMBER}) { cloudUser { role } } }`, map[string]any{"id": id}
}

func disable(id string) (string, map[string]any) {
	return `mutation($id: ID!) { updateCloudUser(input: {cloudUserId: $id, status: DISABLED}) { cloudUser { role } } }`, map[string]any{"id": id}
}

func remove(id string) (string, map[string]any) {
	return `mutation($id: ID!) { deleteCloudUser(input: {cloudUserId: $id}) { cloudUserId } }`, map[string]any{"id": id}
}

type change func(id string) (string, map[string]any)

func toOther(c change) func(own, other string) (string, map[string]any) {
	return func(_, other string) (string, map[string]any) { return c(other) }
}

func toOneself(c change) func(own, other string) (string, map[string]any) {
	return func(own, _ string) (string, map[string]any) { return c(own) }
}

func clashes() map[string]clash {
	return map[string]clash{
		"demote each other":                  {toOther(demote), toOther(demote)},
		"disable each other":                 {toOther(disable), toOther(disable)},
		"delete each other":                  {toOther(remove), toOther(remove)},
		"demote themselves":                  {toOneself(demote), toOneself(demote)},
		"delete the other, demote oneself":   {toOther(remove), toOther(demote)},
		"delete oneself, the other demotes":  {toOneself(remove), toOneself(demote)},
		"disable oneself, the other deletes": {toOneself(disable), toOneself(remove)},
	}
}

// TestLastAdministratorStays: if two administrators concurrently remove each other's rights or their own, one administrator
// remains.
func TestLastAdministratorStays(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) { administratorsClash(t, servers(t, a)) })
	t.Run("postgres, serializable", func(t *testing.T) {
		administratorsClash(t, []*apitest.API{apitest.New(t, pgtest.URL(t)+"&default_transaction_isolation=serializable")})
	})
	t.Run("postgres, repeatable read", func(t *testing.T) {
		administratorsClash(t, []*apitest.API{apitest.New(t, pgtest.URL(t)+"&default_transaction_isolation=repeatable%20read")})
	})
}

func administratorsClash(t *testing.T, on []*apitest.API) {
	const tries = 6
	for name, c := range clashes() {
		t.Run(name, func(t *testing.T) {
			for try := range tries {
				clashOnce(t, on, c, fmt.Sprintf("%d %s", try, strings.ReplaceAll(name, ",", "")))
			}
		})
	}
}

func clashOnce(t *testing.T, on []*apitest.API, c clash, name string) {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	logins := []string{"a " + name, "b " + name}
	ids := make([]string, len(logins))
	for i, login := range logins {
		ids[i] = administrator(t, on[0], login)
	}
	for _, old := range on[0].Client.CloudUser.Query().Where(
		clouduser.RoleEQ(clouduser.RoleADMINISTRATOR), clouduser.LoginNotIn(logins...)).AllX(ctx) {
		on[0].Client.CloudUser.UpdateOne(old).SetRole(clouduser.RoleMEMBER).ExecX(ctx)
	}
	// Both sign in before, so that neither request fails to authenticate.
	for i, login := range logins {
		on[i%len(on)].Query(login, "{ viewer { id } }", nil)
	}
	answers := make([]apitest.Answer, 2)
	var both sync.WaitGroup
	for i, make := range []func(own, other string) (string, map[string]any){c.first, c.second} {
		both.Go(func() {
			query, vars := make(ids[i], ids[1-i])
			answers[i] = on[i%len(on)].Query(logins[i], query, vars)
		})
	}
	both.Wait()
	left := on[0].Client.CloudUser.Query().Where(
		clouduser.RoleEQ(clouduser.RoleADMINISTRATOR), clouduser.StatusNEQ(clouduser.StatusDISABLED)).CountX(ctx)
	made := 0
	for _, answer := range answers {
		switch {
		case !strings.Contains(answer.Body, `"errors"`):
			made++
		case strings.Contains(answer.Body, `"code":"CONFLICT"`):
		case strings.Contains(answer.Body, `"code":"FORBIDDEN"`), strings.Contains(answer.Body, `"code":"UNAUTHENTICATED"`):
			// The first change was made before the second request was checked.
		default:
			t.Errorf("neither made nor refused: %d %s", answer.Status, answer.Body)
		}
	}
	if left != 1 || made != 1 {
		t.Errorf("%d changes were made and %d administrators are left\n%s\n%s", made, left, answers[0].Body, answers[1].Body)
	}
}

func administrator(t *testing.T, a *apitest.API, login string) string {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	ada := a.Client.CloudUser.Query().Where(clouduser.Login(apitest.Administrator)).OnlyX(ctx)
	return a.Client.CloudUser.Create().SetLogin(login).SetLoginFold(login).
		SetRole(clouduser.RoleADMINISTRATOR).SetPasswordHash(ada.PasswordHash).SaveX(ctx).ID.String()
}
