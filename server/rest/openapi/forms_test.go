package openapi_test

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent/job"
	"cloudapi/internal/document"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

var (
	//go:embed testdata/world.jsonl
	world string
	//go:embed testdata/forms.md
	formsPreface string
)

// exampleJob is the job in docs/forms.md.
const exampleJob = "6271829a-8493-4a06-93a5-d0a2f3b5c10b"

// form is an object of docs/forms.md: its service, its type and its guid.
type form struct{ service, name, guid, parameter string }

func forms() []form {
	return []form{
		{"cloud_api_customer", "customer", "22544b07-4129-47b1-8690-b92c0db21434", "customerguid"},
		{"cloud_api_clouduser", "clouduser", "3d6b1a52-8a9e-4a43-9d3c-0f6a4b8c7e01", "clouduserguid"},
		{"cloud_api_cloudusergroup", "cloudusergroup", "fad805f7-1f4e-4db1-8902-f440a59270e6", "cloudusergroupguid"},
		{"cloud_api_cloudspace", "cloudspace", "0718293a-6271-4fd4-9183-be80d193af09", "cloudspaceguid"},
		{"cloud_api_job", "job", exampleJob, "jobguid"},
	}
}

// TestForms checks that docs/forms.md is up to date: its examples are answers of the server.
func TestForms(t *testing.T) {
	a := apitest.New(t, "sqlite://:memory:")
	loadLines(t, a, func(out *strings.Builder) { out.WriteString(world) })
	at := time.Date(2010, 3, 1, 12, 0, 7, 0, time.UTC)
	a.Client.Job.Create().SetID(uuid.MustParse(exampleJob)).SetAction("setCustomerStatus").SetStatus(job.StatusDONE).SetName("Set the status").
		SetStartedAt(at).SetEndedAt(at.Add(time.Second)).SetCustomerID(uuid.MustParse(forms()[0].guid)).
		SetUserID(uuid.MustParse(forms()[1].guid)).ExecX(viewer.SystemContext(t.Context()))
	var out bytes.Buffer
	out.WriteString(formsPreface)
	for _, f := range forms() {
		fmt.Fprintf(&out, "## %s\n\n", f.name)
		fields(&out, f.name)
		if f.name == "customer" {
			out.WriteString("A capacity unit, the struct in the lists:\n\n")
			fields(&out, "capacityunit")
		}
		yaml := "yamljobguid"
		if f.name != "job" {
			yaml = f.parameter
		}
		text := ask(t, a, f.service+"/getObject?rootobjectguid="+f.guid)
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "`%s/getObject` (%d bytes):\n\n```\n%s```\n\n", f.service, len(raw), text)
		fmt.Fprintf(&out, "`%s/getYAML`:\n\n```yaml\n%s```\n\n", f.service, ask(t, a, f.service+"/getYAML?"+yaml+"="+f.guid))
		fmt.Fprintf(&out, "`%s/getXML`:\n\n```xml\n%s```\n\n", f.service, ask(t, a, f.service+"/getXML?"+f.parameter+"="+f.guid))
	}
	fresh(t, "forms.md", bytes.ReplaceAll(out.Bytes(), []byte("\n\n\n"), []byte("\n\n")))
}

func fields(out *bytes.Buffer, name string) {
	out.WriteString("| id | type | name | |\n|---|---|---|---|\n")
	for _, f := range document.Fields()[name] {
		var notes []string
		if f.Always {
			notes = append(notes, "always there")
		}
		if f.ThriftOnly {
			notes = append(notes, "in the Thrift form only")
		}
		if len(f.Values) > 0 {
			notes = append(notes, "`"+strings.Join(f.Values, "`, `")+"`")
		}
		fmt.Fprintf(out, "| %d | %s | %s | %s |\n", f.ID, f.Type, f.Name, strings.Join(notes, "; "))
	}
	out.WriteByte('\n')
}

// ask returns a result that is a text, with a line break at its end.
func ask(t *testing.T, a *apitest.API, call string) string {
	t.Helper()
	r := httptest.NewRequest("GET", "/appserver/rest/"+call, nil)
	r.SetBasicAuth(apitest.Administrator, apitest.Password)
	w := httptest.NewRecorder()
	a.Handler.ServeHTTP(w, r)
	var answer struct{ Result string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Result == "" {
		t.Fatalf("%s: %d %s", call, w.Code, w.Body)
	}
	return strings.TrimSuffix(answer.Result, "\n") + "\n"
}
