package api_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// tokenOf creates a personal token of a login with a scope.
func tokenOf(t *testing.T, a *apitest.API, login, scope string, headers ...string) string {
	t.Helper()
	answer := a.Query(login, `mutation { createAccessToken(input: {name: "t", scope: `+scope+`}) { token } }`, nil, headers...)
	_, token, ok := strings.Cut(answer.Body, `"token":"`)
	if !ok {
		t.Fatal(answer.Body)
	}
	token, _, _ = strings.Cut(token, `"`)
	return token
}

// TestTokensAreBounded: a user has at most a hundred tokens, and can create another after revoking one.
func TestTokensAreBounded(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for range 100 {
			tokenOf(t, a, apitest.Member, "READ")
		}
		const create = `mutation { createAccessToken(input: {name: "one more"}) { token } }`
		if answer := a.Query(apitest.Member, create, nil); !strings.Contains(answer.Body, `"code":"CONFLICT"`) {
			t.Errorf("a token more than a user may have: %s", answer.Body)
		}
		ctx := viewer.SystemContext(t.Context())
		a.Client.AccessToken.DeleteOneID(a.Client.AccessToken.Query().FirstIDX(ctx)).ExecX(ctx)
		tokenOf(t, a, apitest.Member, "READ")
	})
}

// TestSessionsAreBounded: a user has at most a thousand sessions; signing in ends the oldest ones.
func TestSessionsAreBounded(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		const signIn = `mutation { signIn(input: {login: "` + apitest.Member + `", password: "` + apitest.Password + `"}) { token } }`
		oldest := gjson.Get(a.Query("", signIn, nil).Body, "data.signIn.token").String()
		mia := a.Client.CloudUser.Query().Where(clouduser.Login(apitest.Member)).OnlyIDX(ctx)
		a.Client.AccessToken.MapCreateBulk(make([]struct{}, 1001), func(c *ent.AccessTokenCreate, i int) {
			c.SetUserID(mia).SetKind(accesstoken.KindSESSION).SetHash([]byte(strconv.Itoa(i))).SetExpiresAt(time.Now().Add(time.Hour))
		}).ExecX(ctx)
		newest := gjson.Get(a.Query("", signIn, nil).Body, "data.signIn.token").String()
		if n := a.Client.AccessToken.Query().Where(accesstoken.UserID(mia)).CountX(ctx); n != 1000 {
			t.Errorf("%d sessions", n)
		}
		for token, status := range map[string]int{oldest: http.StatusUnauthorized, newest: http.StatusOK} {
			if answer := a.Query("", "{ viewer { login } }", nil, as(token)...); answer.Status != status {
				t.Errorf("status %d, want %d: %s", answer.Status, status, answer.Body)
			}
		}
	})
}

// TestMembersChangesAreBounded: every change creates a job, also a rejected one, so a member may make 200 at once and then
// must wait.
func TestMembersChangesAreBounded(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		query := "mutation {" + repeat(40, ` a%d: createCustomer(input: {name: "x"}) { job { id } }`) + "}"
		checkMemberWaits(t, a, 5, query, nil)
	})
}

// checkMemberWaits checks that a member, whose change is rejected each time, must wait after it was sent n times, and that
// other users are not affected. The member's reads continue with the quota that returns within a moment.
func checkMemberWaits(t *testing.T, a *apitest.API, n int, query string, vars map[string]any) {
	t.Helper()
	for range n {
		if answer := a.Query(apitest.Member, query, vars); !strings.Contains(answer.Body, `"code":"FORBIDDEN"`) {
			t.Fatalf("%.300s", answer.Body)
		}
	}
	answer := a.Query(apitest.Member, query, vars)
	if answer.Status != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%d %.300s", answer.Status, answer.Body)
	}
	if answer := a.Query(apitest.Operator, query, vars); answer.Status != http.StatusOK {
		t.Errorf("an operator: %d %.300s", answer.Status, answer.Body)
	}
}

func as(token string) []string { return []string{"Authorization", "Bearer " + token} }

// TestReadTokens: a token with the scope READ changes nothing on any face, and shows the hour of its last use.
func TestReadTokens(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id, token := a.Customer(t, "c"), tokenOf(t, a, apitest.Administrator, "READ")
		for _, cell := range matrix {
			query, vars := operation(t, cell.name, things{customer: id, user: id, group: id, space: id, account: id, token: id, job: id, domain: "x.example"}, apitest.Administrator)
			answer := a.Query("", query, vars, as(token)...)
			if refused := outcome(answer) == no; refused != strings.HasPrefix(query, "mutation") {
				t.Errorf("%s: %s", cell.name, answer.Body)
			}
		}
		for path, status := range map[string]int{"list": 200, "create?name=x": 403, "setStatus?customerguid=" + id + "&status=ACTIVE": 403} {
			r := httptest.NewRequest("GET", "/appserver/rest/cloud_api_customer/"+path, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			if answer := a.Do(r, ""); answer.Status != status {
				t.Errorf("%s: %d %s", path, answer.Status, answer.Body)
			}
		}
		for {
			shown := a.Query(apitest.Administrator, `{ viewer { accessTokens { nodes { scope lastUsedAt } } } }`, nil)
			if strings.Contains(shown.Body, `"scope":"READ","lastUsedAt":"2`) && strings.Contains(shown.Body, `:00:00Z"`) {
				break
			}
			if t.Context().Err() != nil {
				t.Fatal(shown.Body)
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
}

// TestPasswordOfAnAdministratorEndsTokens: setting a user's password ends its sessions and, by default, its personal tokens.
func TestPasswordOfAnAdministratorEndsTokens(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		otto := a.Client.CloudUser.Query().Where(clouduser.Login(apitest.Operator)).OnlyX(viewer.SystemContext(t.Context())).ID.String()
		valid := func(token string) bool {
			return strings.Contains(a.Query("", `{ viewer { id } }`, nil, as(token)...).Body, otto)
		}
		set := func(keep string) {
			answer := a.Query(apitest.Administrator, `mutation { setCloudUserPassword(input: {cloudUserId: "`+otto+`", password: "correct horse"`+keep+`}) { job { id } } }`, nil)
			if strings.Contains(answer.Body, "errors") {
				t.Fatal(answer.Body)
			}
		}
		token := tokenOf(t, a, apitest.Operator, "FULL")
		if set(", keepAccessTokens: true"); !valid(token) {
			t.Error("the token has ended though it should be kept")
		}
		if set(""); valid(token) {
			t.Error("the token has not ended")
		}
		token = tokenOf(t, a, apitest.Operator, "FULL")
		answer := a.Query(apitest.Administrator, `mutation { revokeAccessTokens(input: {cloudUserId: "`+otto+`"}) { revoked job { id } } }`, nil)
		if !strings.Contains(answer.Body, `"revoked":1`) || valid(token) {
			t.Errorf("revoked: %s", answer.Body)
		}
	})
}

// TestKeysKeepNoSecrets: the database has neither passwords nor tokens of requests with a key, and the answer is still the
// same.
func TestKeysKeepNoSecrets(t *testing.T) {
	dir := t.TempDir()
	a := apitest.New(t, "sqlite://"+dir+"/keys.db")
	token := tokenOf(t, a, apitest.Operator, "FULL", "Idempotency-Key", "k")
	if again := tokenOf(t, a, apitest.Operator, "FULL", "Idempotency-Key", "k"); again != token {
		t.Errorf("the second answer is %s", again)
	}
	for _, file := range []string{"keys.db", "keys.db-wal"} {
		if content, err := os.ReadFile(dir + "/" + file); err == nil && strings.Contains(string(content), token) {
			t.Errorf("%s has the token", file)
		}
	}
}

// TestKeysWithoutMeaning: a key that has no effect is rejected.
func TestKeysWithoutMeaning(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		const signIn = `mutation { signIn(input: {login: "otto", password: "correct horse"}) { token } }`
		for _, c := range []struct{ login, query string }{
			{apitest.Operator, signIn}, {"", signIn}, {apitest.Operator, `mutation { signOut(input: {}) { ended } }`},
			{apitest.Operator, `mutation { ...f } fragment f on Mutation { signOut(input: {}) { ended } }`},
			{apitest.Operator, `{ customers { totalCount } }`},
		} {
			answer := a.Query(c.login, c.query, nil, "Idempotency-Key", "k")
			if !strings.Contains(answer.Body, `"code":"BAD_USER_INPUT"`) || !strings.Contains(answer.Body, "Idempotency-Key") {
				t.Errorf("%s by %q: %d %s", c.query, c.login, answer.Status, answer.Body)
			}
		}
	})
}

// TestStoredAnswerNeedsTheRole: a stored answer is returned only while the user's role allows the mutation, whether or not
// its object still exists.
func TestStoredAnswerNeedsTheRole(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		id := a.Customer(t, "c")
		remove := func() string {
			return a.Query(apitest.Operator, `mutation($id: ID!) { deleteCustomer(input: {customerId: $id}) { customerId } }`,
				map[string]any{"id": id}, "Idempotency-Key", "k").Body
		}
		first := remove()
		if again := remove(); again != first || !strings.Contains(first, id) {
			t.Errorf("first %s, then %s", first, again)
		}
		otto := a.Client.CloudUser.Query().Where(clouduser.Login(apitest.Operator)).OnlyX(ctx)
		a.Query(apitest.Administrator, `mutation { updateCloudUser(input: {cloudUserId: "`+otto.ID.String()+`", role: MEMBER}) { job { id } } }`, nil)
		if again := remove(); !strings.Contains(again, `"code":"FORBIDDEN"`) || strings.Contains(again, `"customerId":"`) {
			t.Errorf("as a member: %s", again)
		}
	})
}
