package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	entjob "cloudapi/ent/job"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

const (
	registerDomain   = `mutation($in: RegisterDomainInput!) { registerDomain(input: $in) { job { id } } }`
	unregisterDomain = `mutation($in: UnregisterDomainInput!) { unregisterDomain(input: $in) { job { id } } }`
)

// TestNotWaitingIsCheckedAsWaitingIs: a call with wait: false fails with the same errors as a waiting call, and leaves no
// waiting job.
func TestNotWaitingIsCheckedAsWaitingIs(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		other := a.Customer(t, "other")
		before := jobsWith(t, a, entjob.StatusWAITING)
		none := "00000000-0000-0000-0000-000000000000"
		for name, c := range map[string]struct {
			login, mutation string
			in, params      map[string]any
		}{
			"role":              {apitest.Member, registerDomain, map[string]any{}, nil},
			"role, no customer": {apitest.Member, registerDomain, map[string]any{"customerId": none}, nil},
			"nil customer":      {apitest.Operator, registerDomain, map[string]any{"customerId": none}, nil},
			"unknown customer":  {apitest.Operator, unregisterDomain, map[string]any{"customerId": w.group}, nil},
			"no domain name":    {apitest.Operator, registerDomain, map[string]any{"domain": "not_valid"}, nil},
			"taken":             {apitest.Operator, registerDomain, map[string]any{"domain": w.domain}, nil},
			"not had":           {apitest.Operator, unregisterDomain, map[string]any{"customerId": other, "domain": w.domain}, nil},
			"another account":   {apitest.Operator, unregisterDomain, map[string]any{"username": "else", "domain": w.domain}, nil},
			"no user name":      {apitest.Operator, registerDomain, map[string]any{"username": " "}, nil},
			"long user name":    {apitest.Operator, registerDomain, map[string]any{"username": strings.Repeat("x", 256)}, nil},
			"maxduration":       {apitest.Operator, registerDomain, map[string]any{}, map[string]any{"maxduration": -1}},
			"texts":             {apitest.Operator, registerDomain, map[string]any{}, map[string]any{"other": map[string]any{"x": strings.Repeat("x", 17<<10)}}},
			"own text":          {apitest.Operator, registerDomain, map[string]any{"domain": w.domain}, map[string]any{"userErrormsg": "ask Bob"}},
			"name of the job":   {apitest.Operator, registerDomain, map[string]any{}, map[string]any{"name": "a\u0000b"}},
		} {
			t.Run(name, func(t *testing.T) {
				var said []string
				for _, wait := range []bool{true, false} {
					in := map[string]any{"customerId": w.customer, "username": apitest.PortalAccount, "password": apitest.PortalSecret, "domain": "new.example"}
					params := map[string]any{"wait": wait}
					for k, v := range c.in {
						in[k] = v
					}
					for k, v := range c.params {
						params[k] = v
					}
					in["execution"] = map[string]any{"params": params}
					said = append(said, guid.ReplaceAllString(a.Query(c.login, c.mutation, map[string]any{"in": in}).Body, "guid"))
				}
				if said[0] != said[1] || !strings.Contains(said[0], `"errors"`) {
					t.Errorf("waiting:\n%s\nnot waiting:\n%s", said[0], said[1])
				}
			})
		}
		if after := jobsWith(t, a, entjob.StatusWAITING); after != before {
			t.Errorf("%d jobs wait, %d did before", after, before)
		}
	}, withoutWorkers, withoutRates)
}

func jobsWith(t *testing.T, a *apitest.API, status entjob.Status) int {
	t.Helper()
	n, err := a.Client.Job.Query().Where(entjob.StatusEQ(status)).Count(viewer.SystemContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWorkEndsWithItsUser: the job of a user who is disabled, demoted or deleted while it waits is not executed.
func TestWorkEndsWithItsUser(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		member, disabled := clouduser.RoleMEMBER, clouduser.StatusDISABLED
		waits := map[string]string{}
		customers := map[string]string{}
		for name, become := range map[string]func(ctx *ent.CloudUser) error{
			"as it was": func(*ent.CloudUser) error { return nil },
			"demoted": func(u *ent.CloudUser) error {
				return u.Update().SetRole(member).Exec(viewer.SystemContext(t.Context()))
			},
			"disabled": func(u *ent.CloudUser) error {
				return u.Update().SetStatus(disabled).Exec(viewer.SystemContext(t.Context()))
			},
			"deleted": func(u *ent.CloudUser) error {
				return a.Client.CloudUser.DeleteOne(u).Exec(viewer.SystemContext(t.Context()))
			},
		} {
			ctx := viewer.SystemContext(t.Context())
			login := strings.ReplaceAll(name, " ", "-")
			u, err := a.Client.CloudUser.Create().SetLogin(login).SetLoginFold(login).SetRole(clouduser.RoleOPERATOR).Save(ctx)
			if err != nil {
				t.Fatal(err)
			}
			as := viewer.NewContext(t.Context(), &viewer.Viewer{ID: u.ID, Login: login, Role: viewer.Operator})
			customers[name] = a.Customer(t, name)
			waits[name] = domainLater(t, a, as, customers[name], login+".example")
			if err := become(u); err != nil {
				t.Fatal(err)
			}
		}
		waitForJobs(t, apitest.Open(t, a.URL))
		for name, id := range waits {
			j, err := a.Client.Job.Get(viewer.SystemContext(t.Context()), uuid.MustParse(id))
			if err != nil {
				t.Fatal(err)
			}
			if name == "as it was" {
				if j.Status != entjob.StatusDONE || j.Error != "" {
					t.Errorf("%s: %v %s", name, j.Status, j.Error)
				}
				continue
			}
			if j.Status != entjob.StatusERROR || !strings.HasPrefix(j.Error, "FORBIDDEN") || j.CustomerID != nil || j.Parameters["domain"] != nil {
				t.Errorf("%s: %v %s %v", name, j.Status, j.Error, j.Parameters)
			}
			domains := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { domains { totalCount } } }`, map[string]any{"id": customers[name]})
			if !strings.Contains(domains.Body, `"totalCount":0`) {
				t.Errorf("%s: %s", name, domains.Body)
			}
		}
	}, withoutWorkers)
}

// domainLater registers a domain with wait: false, and returns the job.
func domainLater(t *testing.T, a *apitest.API, ctx context.Context, customer, name string) string {
	t.Helper()
	wait := false
	out, err := a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
		CustomerID: uuid.MustParse(customer), Username: apitest.PortalAccount, Password: secret.New(apitest.PortalSecret), Domain: name,
		Execution: &model.ExecutionInput{Params: &model.ExecutionParams{Wait: &wait}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Job.ID.String()
}

// TestCancelJob: its user or an administrator can cancel a waiting job once, and it is not executed.
func TestCancelJob(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		const cancel = `mutation($id: ID!) { cancelJob(input: {jobId: $id}) { cancelledJob { status error } job { action } } }`
		register := func(name string) string {
			answer := a.Query(apitest.Operator, registerDomain, map[string]any{"in": map[string]any{
				"customerId": id, "username": apitest.PortalAccount, "password": apitest.PortalSecret, "domain": name,
				"execution": map[string]any{"params": map[string]any{"wait": false}},
			}})
			return jobOf(t, answer)
		}
		for i, by := range []string{apitest.Operator, apitest.Administrator} {
			waits := register(fmt.Sprintf("cancelled%d.example", i))
			answer := a.Query(by, cancel, map[string]any{"id": waits})
			if !strings.Contains(answer.Body, `"cancelledJob":{"status":"ERROR","error":"CANCELLED`) || !strings.Contains(answer.Body, `"job":{"action":"cancelJob"}`) {
				t.Errorf("by %s: %s", by, answer.Body)
			}
			if again := a.Query(by, cancel, map[string]any{"id": waits}); !strings.Contains(again.Body, `"code":"CONFLICT"`) {
				t.Errorf("a second time: %s", again.Body)
			}
		}
		waitForJobs(t, apitest.Open(t, a.URL))
		domains := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { domains { totalCount } } }`, map[string]any{"id": id})
		if !strings.Contains(domains.Body, `"totalCount":0`) {
			t.Errorf("a cancelled job was run: %s", domains.Body)
		}
	}, withoutWorkers)
}
