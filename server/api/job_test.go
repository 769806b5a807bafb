package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

var guid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// jobOf returns the guid of the job in an answer of an old URL.
func jobOf(t *testing.T, answer apitest.Answer) string {
	t.Helper()
	id := guid.FindString(answer.Body)
	if id == "" {
		t.Fatalf("no job in %s", answer.Body)
	}
	return id
}

const lookAtJob = `query($id: ID!) { job(id: $id) { action status error name description userLogin userErrorMessage
	internalErrorMessage parameters result endedAt parent { action } children { nodes { action } } customer { name } customerId } }`

func TestExecutionParameters(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		parent := jobOf(t, a.Get(apitest.Operator, "cloud_api_customer/setStatus?customerguid="+id+"&status=ACTIVE"))
		done := a.Get(apitest.Operator, "cloud_api_customer/setStatus?customerguid="+id+"&status=DISABLED&jobguid="+parent+
			"&executionparams=%7B%22name%22:%22n%22,%22description%22:%22d%22,%22internalErrormsg%22:%22i%22,%22extra%22:%5B1%5D%7D")
		job := a.Query(apitest.Operator, lookAtJob, map[string]any{"id": jobOf(t, done)})
		for _, want := range []string{`"status":"DONE"`, `"name":"n"`, `"description":"d"`, `"internalErrorMessage":"i"`,
			`"executionparams":{"extra":[1]}`, `"parent":{"action":"setCustomerStatus"}`, `"userLogin":"otto"`, `"customer":{"name":"c"}`} {
			if !strings.Contains(job.Body, want) {
				t.Errorf("no %s in %s", want, job.Body)
			}
		}
		if family := a.Query(apitest.Operator, lookAtJob, map[string]any{"id": parent}); !strings.Contains(family.Body, `"children":{"nodes":[{"action"`) {
			t.Errorf("the parent has no children: %s", family.Body)
		}
		unknown := "00000000-0000-4000-8000-000000000000"
		orphan := a.Get(apitest.Operator, "cloud_api_customer/setStatus?customerguid="+id+"&status=ACTIVE&jobguid="+unknown)
		if !strings.Contains(orphan.Body, `"exception":"Could not find the job `+unknown+`"`) || orphan.Status != http.StatusBadRequest {
			t.Errorf("unknown parent: %d %s", orphan.Status, orphan.Body)
		}
	})
}

// TestAChangeIsOneJob counts the jobs of changes on either face.
func TestAChangeIsOneJob(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		a.Get(apitest.Operator, "cloud_api_customer/setStatus?customerguid="+id+"&status=ACTIVE")
		a.Query(apitest.Operator, `mutation($id: ID!) { updateCustomer(input: {customerId: $id, city: "x"}) { job { id } } }`,
			map[string]any{"id": id}, "Idempotency-Key", "k")
		jobs := a.Query(apitest.Administrator, `query($id: ID!) { jobs(where: {customerId: $id}) { nodes { action status } } }`, map[string]any{"id": id})
		for _, want := range []string{"createCustomer", "setCustomerStatus", "updateCustomer"} {
			if n := strings.Count(jobs.Body, `{"action":"`+want+`","status":"DONE"}`); n != 1 {
				t.Errorf("%d jobs %s in %s", n, want, jobs.Body)
			}
		}
		if n := strings.Count(jobs.Body, `"action"`); n != 3 {
			t.Errorf("%d jobs for 3 changes: %s", n, jobs.Body)
		}
	})
}

func TestFailedChangeLeavesItsJobOnly(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		before := a.Get(apitest.Operator, "cloud_api_customer/getYAML?customerguid="+id).Body
		for path, want := range map[string]string{
			"removeCapacityAvailable?customerguid=" + id + "&capacityunittype=CU&executionparams=%7B%22userErrormsg%22:%22ask+Bob%22%7D":  `"exception":"ask Bob"`,
			"setStatus?customerguid=" + id + "&status=ACTIVE&executionparams=%7B%22maxduration%22:0.000001%7D":                            `Gateway Timeout`,
			"addCloudUserGroup?customerguid=" + id + "&cloudusergroupguid=" + id:                                                          `cloudusergroup with guid`,
			"registerDomain?customerguid=" + id + "&username=portal&password=portal+secret&domain=not_valid":                              `domain`,
			"addCapacityAvailable?customerguid=" + id + "&amount=1&capacityunittype=CU&name=" + strings.Repeat("x", 256):                  `name is 256 characters long`,
			"updateModelProperties?customerguid=" + id + "&name=x&executionparams=%7B%22maxduration%22:-1%7D":                             `maxduration`,
			"unregisterDomain?customerguid=" + id + "&username=portal&password=portal+secret&domain=never.example&executionparams=%7B%7D": `never.example`,
		} {
			if answer := a.Get(apitest.Operator, "cloud_api_customer/"+path); !strings.Contains(answer.Body, want) {
				t.Errorf("%s: %s", path, answer.Body)
			}
		}
		if after := a.Get(apitest.Operator, "cloud_api_customer/getYAML?customerguid="+id).Body; after != before {
			t.Errorf("it has changed:\n%s\n%s", before, after)
		}
		failed := a.Query(apitest.Administrator, `{ jobs(where: {status: ERROR}) { totalCount nodes { error } } }`, nil)
		if !strings.Contains(failed.Body, `"totalCount":7`) || !strings.Contains(failed.Body, "could not be found!") {
			t.Errorf("failed jobs: %s", failed.Body)
		}
	})
}

// TestOwnMessageOfAFailure: userErrormsg takes the place of the exception, whatever is wrong with the call and wherever that
// is found (CONTRACT.md, 4).
func TestOwnMessageOfAFailure(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		never := "12345678-1234-4234-8234-123456789abc"
		for path, status := range map[string]int{
			"listCapacity?customerguid=" + never:                                                     404,
			"find?status=NO":                                                                         400,
			"setStatus?customerguid=" + never + "&status=ACTIVE":                                     404,
			"setStatus?customerguid=" + id + "&status=NO":                                            400,
			"setStatus?customerguid=no&status=ACTIVE":                                                400,
			"setStatus?customerguid=" + id:                                                           400,
			"setStatus?customerguid=" + id + "&status=ACTIVE&status=ACTIVE":                          400,
			"setStatus?customerguid=" + id + "&status=ACTIVE&other=1":                                400,
			"setStatus?customerguid=" + id + "&status=ACTIVE&jobguid=" + never:                       400,
			"addCapacityAvailable?customerguid=" + id + "&capacityunittype=CU&amount=-1":             400,
			"addCapacityAvailable?customerguid=" + id + "&capacityunittype=NO&amount=1":              400,
			"addCapacityAvailable?customerguid=" + id + "&capacityunittype=CU&amount=1.5":            400,
			"removeCapacityAvailable?customerguid=" + id + "&capacityunittype=CU":                    400,
			"create?name=" + strings.Repeat("x", 256):                                                400,
			"registerDomain?customerguid=" + id + "&username=portal&password=wrong&domain=x.example": 400,
		} {
			answer := a.Get(apitest.Operator, "cloud_api_customer/"+path+"&executionparams=%7B%22userErrormsg%22:%22ask+Bob%22%7D")
			if answer.Status != status || !strings.Contains(answer.Body, `"exception":"ask Bob"`) {
				t.Errorf("%s: %d %s", path, answer.Status, answer.Body)
			}
		}
		forbidden := a.Get(apitest.Member, "cloud_api_customer/create?name=x&executionparams=%7B%22userErrormsg%22:%22ask+Bob%22%7D")
		if forbidden.Status != 403 || !strings.Contains(forbidden.Body, `"exception":"ask Bob"`) {
			t.Errorf("%d %s", forbidden.Status, forbidden.Body)
		}
	})
}

// TestMaxdurationInTheFormsOfAJob: maxduration is a field of a job's forms, in whole seconds (OLD-FAMILY.md, 2).
func TestMaxdurationInTheFormsOfAJob(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for given, want := range map[string]string{"60": "maxduration: 60\n", "1.5": "maxduration: 2\n"} {
			job := jobOf(t, a.Get(apitest.Operator, "cloud_api_customer/create?name=x&executionparams=%7B%22maxduration%22:"+given+"%7D"))
			if answer := a.Get(apitest.Operator, "cloud_api_job/getYAML?yamljobguid="+job); !strings.Contains(answer.Body, strings.ReplaceAll(want, "\n", `\n`)) {
				t.Errorf("%s: %s", given, answer.Body)
			}
		}
	})
}

func TestDeletedCustomerStaysInItsJob(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		deleted := a.Get(apitest.Operator, "cloud_api_customer/delete?customerguid="+w.customer)
		job := a.Query(apitest.Operator, lookAtJob, map[string]any{"id": jobOf(t, deleted)})
		for _, want := range []string{w.customer, `amount: 1`, w.domain, w.group, `"customer":null`} {
			if !strings.Contains(job.Body, want) {
				t.Errorf("no %s in %s", want, job.Body)
			}
		}
		history := a.Query(apitest.Operator, `query($id: ID!) { jobs(where: {customerId: $id}) { nodes { action } } }`, map[string]any{"id": w.customer})
		if !strings.Contains(history.Body, "createCustomer") || !strings.Contains(history.Body, "deleteCustomer") {
			t.Errorf("the history is gone: %s", history.Body)
		}
	})
}

// TestJobSurvivesItsServer: a job whose server has ended is run by the next server.
func TestJobSurvivesItsServer(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		for i := range 5 {
			answer := a.Get(apitest.Operator, fmt.Sprintf("cloud_api_customer/registerDomain?customerguid=%s&username=portal"+
				"&password=portal+secret&domain=later%d.example&executionparams=%%7B%%22wait%%22:false%%7D", id, i))
			if !strings.Contains(answer.Body, `"result":null`) {
				t.Fatalf("%d %s", answer.Status, answer.Body)
			}
		}
		waitForJobs(t, apitest.Open(t, a.URL))
		domains := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { domains { totalCount } } }`, map[string]any{"id": id})
		if !strings.Contains(domains.Body, `"totalCount":5`) {
			t.Errorf("%s", domains.Body)
		}
	})
}
