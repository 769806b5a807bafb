package openapi_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documented returns the parameters by method, from the headings of the document that old clients were written from:
// h3.customer.find(name, status, …).
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../testdata/rest-customer.txt")
	if err != nil {
		t.Fatal(err)
	}
	methods := map[string][]string{}
	for _, m := range regexp.MustCompile(`h3\.customer\.(\w+)\(([^)]*)\)`).FindAllStringSubmatch(string(text), -1) {
		methods[m[1]] = strings.Split(m[2], ", ")
	}
	return methods
}

// TestReference compares the operations with the document: the same methods with the same parameters. The three methods that
// the document marks as not yet implemented have parameters too.
func TestReference(t *testing.T) {
	want := documented(t)
	if len(want) != 22 {
		t.Fatalf("the document has %d methods", len(want))
	}
	got := map[string][]string{}
	for path, item := range description(t).Paths {
		service, method, _ := strings.Cut(strings.TrimPrefix(path, "/appserver/rest/"), "/")
		if service != "cloud_api_customer" {
			continue
		}
		for _, p := range item.Get.Parameters {
			got[method] = append(got[method], p.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-document +operations)\n%s", diff)
	}
}

// required has the required parameters, from the bold print in CONTRACT.md, section 2.
var required = map[string][]string{
	"getObject": {"rootobjectguid"}, "list": nil, "find": nil, "listStatuses": nil, "create": {"name"},
	"updateModelProperties": {"customerguid"}, "setStatus": {"customerguid", "status"}, "delete": {"customerguid"},
	"listCapacity":            {"customerguid"},
	"addCapacityAvailable":    {"customerguid", "amount", "capacityunittype"},
	"addCapacityConsumed":     {"customerguid", "amount", "capacityunittype"},
	"removeCapacityAvailable": {"customerguid", "capacityunittype"},
	"removeCapacityConsumed":  {"customerguid", "capacityunittype"},
	"addCloudUserGroup":       {"customerguid", "cloudusergroupguid"},
	"removeCloudUserGroup":    {"customerguid", "cloudusergroupguid"},
	"listGroups":              {"customerguid"}, "listCloudSpaces": {"customerguid"},
	"registerDomain":   {"customerguid", "username", "password", "domain"},
	"unregisterDomain": {"customerguid", "username", "password", "domain"},
	"getYAML":          {"customerguid"}, "getXML": {"customerguid"}, "getXMLSchema": nil,
}

func TestRequired(t *testing.T) {
	paths := description(t).Paths
	for method, want := range required {
		var got []string
		for _, p := range paths["/appserver/rest/cloud_api_customer/"+method].Get.Parameters {
			if p.Required {
				got = append(got, p.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s requires %v, want %v", method, got, want)
		}
	}
}
