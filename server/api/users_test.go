package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"cloudapi/server/api/apitest"
)

// TestUnknownGroupIsNotFound: a user cannot be added to, or removed from, a group that does not exist.
func TestUnknownGroupIsNotFound(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		for _, unknown := range []string{nilGUID, "0a0a0a0a-0000-4000-8000-000000000001"} {
			for _, name := range []string{"addUserToGroup", "removeUserFromGroup"} {
				title := strings.ToUpper(name[:1]) + name[1:]
				query := `mutation($in: ` + title + `Input!) { ` + name + `(input: $in) { job { id } } }`
				answer := a.Query(apitest.Administrator, query, map[string]any{"in": map[string]any{"cloudUserGroupId": unknown, "cloudUserId": w.user}})
				if !strings.Contains(answer.Body, "cloudusergroup with guid "+unknown+" not found.") || !strings.Contains(answer.Body, `"code":"NOT_FOUND"`) {
					t.Errorf("%s: %s", name, answer.Body)
				}
				answer = a.Query(apitest.Administrator, query, map[string]any{"in": map[string]any{"cloudUserGroupId": w.group, "cloudUserId": unknown}})
				if !strings.Contains(answer.Body, "clouduser with guid "+unknown+" not found.") {
					t.Errorf("%s: %s", name, answer.Body)
				}
			}
		}
	})
}

const nilGUID = "00000000-0000-0000-0000-000000000000"

// TestNilGUIDIsNotFound: the nil guid is valid, but no object has it.
func TestNilGUIDIsNotFound(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		for _, cell := range matrix {
			input, ok := inputs(cell.name, w, apitest.Administrator)
			if !ok {
				continue
			}
			for field, value := range input {
				id, isText := value.(string)
				if !strings.HasSuffix(field, "Id") || !isText || !guid.MatchString(id) {
					continue
				}
				changed := maps.Clone(input)
				changed[field] = nilGUID
				title := strings.ToUpper(cell.name[:1]) + cell.name[1:]
				query := "mutation($in: " + title + "Input!) { " + cell.name + "(input: $in) { __typename } }"
				answer := a.Query(apitest.Administrator, query, map[string]any{"in": changed})
				if cell.name == "removeCloudUserGroup" && field == "cloudUserGroupId" {
					continue // nothing to remove: true (CONTRACT.md, 2)
				}
				if got := outcome(answer); got != none {
					t.Errorf("%s with %s of zeros: %s", cell.name, field, answer.Body)
				}
			}
		}
	})
}

// TestLoginsCanBeTold: a new login that is unusable or could be mistaken for another is rejected.
func TestLoginsCanBeTold(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for _, login := range []string{"", " ", "ada:x", " x", "x ", "x\ny", "x\ty", "x\u00a0y", "x\u200by", "x\u202ey", "\ufeffx"} {
			answer := a.Query(apitest.Administrator, `mutation($l: String!) { createCloudUser(input: {login: $l, password: "correct horse"}) { job { id } } }`,
				map[string]any{"l": login})
			if !strings.Contains(answer.Body, `"code":"BAD_USER_INPUT"`) || !strings.Contains(answer.Body, `"field":"login"`) {
				t.Errorf("%q: %s", login, answer.Body)
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/appserver/rest/cloud_api_customer/list", nil)
		r.SetBasicAuth("ada\x00", apitest.Password)
		if answer := a.Do(r, ""); answer.Status != http.StatusUnauthorized {
			t.Errorf("NUL in a login: %d %s", answer.Status, answer.Body)
		}
	})
}

// TestAllFaultsOfANewUserAreReported: violations of the rules for fields, logins and passwords are reported together, each
// with its field.
func TestAllFaultsOfANewUserAreReported(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for mutation, fields := range map[string]string{
			`createCloudUser(input: {login: "ada:x", password: "short", name: "` + strings.Repeat("x", 300) + `"}) { job { id } }`: "login name password",
			`createPortalAccount(input: {username: "` + strings.Repeat("x", 300) + `", password: "short"}) { job { id } }`:         "password username",
		} {
			answer := a.Query(apitest.Administrator, "mutation { "+mutation+" }", nil)
			var found []string
			for _, field := range gjson.Get(answer.Body, "errors.#.extensions.field").Array() {
				found = append(found, field.String())
			}
			slices.Sort(found)
			if got := strings.Join(found, " "); got != fields {
				t.Errorf("%.30s: fields %q, want %q: %s", mutation, got, fields, answer.Body)
			}
		}
	})
}

// TestChangePasswordIsThrottled: the current password cannot be guessed faster than by signing in.
func TestChangePasswordIsThrottled(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		signedIn := a.Query("", `mutation { signIn(input: {login: "otto", password: "correct horse"}) { token } }`, nil)
		_, token, _ := strings.Cut(signedIn.Body, `"token":"`)
		token, _, _ = strings.Cut(token, `"`)
		guess := func(password string) string {
			return a.Query("", `mutation($p: Secret!) { changePassword(input: {currentPassword: $p, newPassword: "another horse"}) { cloudUser { id } } }`,
				map[string]any{"p": password}, "Authorization", "Bearer "+token).Body
		}
		for range 5 {
			if answer := guess("wrong"); !strings.Contains(answer, "Invalid current password") {
				t.Errorf("a wrong password: %s", answer)
			}
		}
		if answer := guess("wrong again"); !strings.Contains(answer, `"code":"RATE_LIMITED"`) || !strings.Contains(answer, "retryAfter") {
			t.Errorf("the sixth guess: %s", answer)
		}
	})
}
