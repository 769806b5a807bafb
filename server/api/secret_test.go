package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloudapi/server/api/apitest"
)

// TestSecretsStayInside: no password or token is in the database file, in the log, or in an answer, whatever happens to its
// request.
func TestSecretsStayInside(t *testing.T) {
	dir := t.TempDir()
	a := apitest.New(t, "sqlite://"+dir+"/secret.db")
	id := a.Customer(t, "c")
	const marked = "marked+secret+value"
	secrets := []string{"marked secret value", "marked+secret+value", apitest.PortalSecret, apitest.Password}
	var answers strings.Builder
	keep := func(answer apitest.Answer) { answers.WriteString(answer.Body) }
	for _, path := range []string{
		"registerDomain?customerguid=" + id + "&username=portal&password=" + marked + "&domain=a.example",
		"registerDomain?customerguid=" + id + "&username=portal&password=portal+secret&domain=a.example",
		"registerDomain?customerguid=" + id + "&username=portal&password=portal+secret&domain=b.example&executionparams={\"wait\":false}",
		"registerDomain?customerguid=" + id + "&username=portal&password=" + marked + "&domain=c.example&executionparams={\"wait\":false}",
		"registerDomain?customerguid=wrong&username=portal&password=" + marked + "&domain=c.example",
		"unregisterDomain?customerguid=" + id + "&username=portal&password=" + marked + "&domain=a.example",
		"registerDomain?password=" + marked + "&password=" + marked,
		"registerDomain?customerguid=" + id + "&username=portal&password=" + marked + "%00&domain=c.example",
	} {
		keep(a.Get(apitest.Operator, "cloud_api_customer/"+strings.ReplaceAll(path, `"`, "%22")))
	}
	for _, m := range []string{
		`mutation { createCloudUser(input: {login: "x", password: "marked secret value"}) { cloudUser { id } job { parameters } } }`,
		`mutation { createCloudUser(input: {login: "x", password: "marked secret value"}) { job { parameters } } }`,
		`mutation { createPortalAccount(input: {username: "y", password: "marked secret value"}) { job { parameters result } } }`,
		`mutation { signIn(input: {login: "x", password: "marked secret value", nothing: 1}) { expiresAt } }`,
		`mutation { signIn(input: {login: "nobody", password: "marked secret value"}) { expiresAt } }`,
	} {
		keep(a.Query(apitest.Administrator, m, nil))
	}
	waitForJobs(t, a)
	keep(a.Query(apitest.Administrator, `{ jobs(first: 100) { nodes { parameters result error userErrorMessage } } }`, nil))
	for _, s := range secrets {
		if strings.Contains(answers.String(), s) {
			t.Errorf("an answer has %q", s)
		}
		if strings.Contains(a.Log.String(), s) {
			t.Errorf("the log has %q", s)
		}
	}
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no database file: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(string(content), s) {
				t.Errorf("%s has %q", filepath.Base(file), s)
			}
		}
	}
}

// waitForJobs waits until no job is running or waiting, up to the test's deadline.
func waitForJobs(t *testing.T, a *apitest.API) {
	t.Helper()
	for t.Context().Err() == nil {
		open := a.Query(apitest.Administrator, `{ jobs(where: {statusIn: [WAITING, RUNNING]}) { totalCount } }`, nil)
		if strings.Contains(open.Body, `"totalCount":0`) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
