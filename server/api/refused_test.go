package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql"

	entjob "cloudapi/ent/job"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestARefusedChangeLeavesNoText: the job of a rejected change has its action, user, time, code and guids, and nothing else
// from its caller; it does not belong to a customer that the caller may not change.
func TestARefusedChangeLeavesNoText(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		never := "12345678-1234-4234-8234-123456789abc"
		const text = "attacker"
		execution := map[string]any{"params": map[string]any{
			"name": text, "description": text, "userErrormsg": text, "internalErrormsg": text, "other": map[string]any{text: text},
		}}
		for code, c := range map[string]struct {
			login, mutation string
			in              map[string]any
			guid            string
			belongs         bool
		}{
			"FORBIDDEN":      {apitest.Member, "updateCustomer", map[string]any{"customerId": id, "city": text}, id, false},
			"NOT_FOUND":      {apitest.Operator, "updateCustomer", map[string]any{"customerId": never, "city": text}, never, false},
			"BAD_USER_INPUT": {apitest.Operator, "removeCapacityAvailable", map[string]any{"customerId": id, "type": "CU"}, id, true},
			// A short time limit does not hide that the caller lacks the right.
			"FORBIDDEN ": {apitest.Member, "updateCustomer", map[string]any{"customerId": id, "city": text, "short": true}, id, false},
		} {
			code = strings.TrimSpace(code)
			of := execution
			if c.in["short"] == true {
				delete(c.in, "short")
				of = map[string]any{"params": map[string]any{"name": text, "maxduration": 0.000001}}
			}
			c.in["execution"] = of
			title := strings.ToUpper(c.mutation[:1]) + c.mutation[1:]
			answer := a.Query(c.login, "mutation($in: "+title+"Input!) { "+c.mutation+"(input: $in) { job { id } } }", map[string]any{"in": c.in})
			var body struct {
				Errors []struct {
					Extensions struct{ Code, JobID string }
				}
			}
			if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || len(body.Errors) == 0 || body.Errors[0].Extensions.Code != code {
				t.Fatalf("%s: %s", code, answer.Body)
			}
			left := a.Query(apitest.Administrator, lookAtJob, map[string]any{"id": body.Errors[0].Extensions.JobID}).Body
			if strings.Contains(left, text) || !strings.Contains(left, c.guid) || !strings.Contains(left, `"error":"`+code) ||
				!strings.Contains(left, `"action":"`+c.mutation) || !strings.Contains(left, `"userLogin":"`+c.login) {
				t.Errorf("%s leaves %s", code, left)
			}
			if strings.Contains(left, `"customerId":null`) == c.belongs {
				t.Errorf("%s belongs to the wrong customer: %s", code, left)
			}
		}
	})
}

// TestNoRefusedChangeLeavesText calls every mutation with every role, with texts in its input and its execution, and with a
// time limit that ends before the work does. Afterwards it reads the table of jobs: only callers with the right to make the
// change left text.
func TestNoRefusedChangeLeavesText(t *testing.T) {
	const text = "attacker"
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		for _, c := range matrix {
			if c.name == "signIn" || c.name == "signOut" {
				continue // has no jobs
			}
			for login, want := range map[string]string{
				apitest.Administrator: c.administrator, apitest.Operator: c.operator, apitest.Member: c.member,
			} {
				query, vars := operation(t, c.name, w, login)
				in, ok := vars["in"].(map[string]any)
				if !ok {
					continue // a query
				}
				writeText(in, text)
				for _, wait := range []bool{true, false} {
					for limited, params := range map[string]map[string]any{"": {}, "TIMEOUT": {"maxduration": 0.000001}} {
						if limited == "" && want == yes {
							continue // it would succeed
						}
						params["wait"], params["name"], params["description"] = wait, text, text
						params["userErrormsg"], params["internalErrormsg"] = "", text
						params["other"] = map[string]any{text: text}
						in["execution"] = map[string]any{"params": params}
						keep := want == yes
						code := want
						if keep {
							code = limited
						}
						if answer := a.Query(login, query, vars); !strings.Contains(answer.Body, `"code":"`+code+`"`) {
							t.Errorf("%s by %s, waiting %v: %s, want %s", c.name, login, wait, answer.Body, code)
						}
						if left := lastJob(t, a, c.name, login); strings.Contains(left, text) != keep {
							t.Errorf("%s by %s, waiting %v, which is %s, leaves %s", c.name, login, wait, code, left)
						}
					}
				}
			}
		}
	}, withoutWorkers, withoutRates)
}

// writeText replaces each text of an input, also in the entries of lists.
func writeText(in map[string]any, text string) {
	for name, value := range in {
		switch name {
		case "name", "description", "login", "username", "email", "subject":
			in[name] = text
		}
		list, _ := value.([]any)
		for _, entry := range list {
			if inner, ok := entry.(map[string]any); ok {
				writeText(inner, text)
			}
		}
	}
}

// lastJob returns the last job of an action and a user, with all columns.
func lastJob(t *testing.T, a *apitest.API, action, login string) string {
	t.Helper()
	j, err := a.Client.Job.Query().Where(entjob.Action(action), entjob.UserLogin(login)).
		Order(entjob.ByID(sql.OrderDesc())).First(viewer.SystemContext(t.Context()))
	if err != nil {
		t.Fatalf("%s by %s: %v", action, login, err)
	}
	return j.String()
}

// TestAChangeThatFailsLaterKeepsItsText: the job of a conflict has the texts of the request.
func TestAChangeThatFailsLaterKeepsItsText(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		a.Query(apitest.Operator, registerDomain, map[string]any{"in": map[string]any{
			"customerId": w.customer, "username": apitest.PortalAccount, "password": apitest.PortalSecret, "domain": w.domain,
			"execution": map[string]any{"params": map[string]any{"internalErrormsg": "kept"}},
		}})
		j, err := a.Client.Job.Query().Where(entjob.StatusEQ(entjob.StatusERROR)).Only(viewer.SystemContext(t.Context()))
		if err != nil || j.InternalErrorMessage != "kept" || j.Parameters["domain"] != w.domain || j.CustomerID == nil ||
			!strings.HasPrefix(j.Error, "CONFLICT: The domain "+w.domain) {
			t.Errorf("%+v %v", j, err)
		}
	})
}
