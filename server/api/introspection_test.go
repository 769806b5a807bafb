package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestIntrospectionHasNulls: a field of __Type is null if it does not apply to the type's kind, and only then.
func TestIntrospectionHasNulls(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	const parts = ` kind name fields { name type { kind fields { name } interfaces { name } ofType { kind } } } interfaces { name }
		possibleTypes { name } enumValues { name } inputFields { name } isOneOf ofType { kind } specifiedByURL `
	answer := a.Query(apitest.Administrator, `{ __schema { types {`+parts+`} directives { name } } }`, nil)
	var body struct {
		Data struct {
			Schema struct {
				Types      []map[string]any
				Directives []struct{ Name string }
			} `json:"__schema"`
		}
	}
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || len(body.Data.Schema.Types) == 0 {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	has := map[string][]string{
		"OBJECT": {"fields", "interfaces"}, "INTERFACE": {"fields", "interfaces", "possibleTypes"},
		"ENUM": {"enumValues"}, "SCALAR": {"specifiedByURL"}, "INPUT_OBJECT": {"inputFields", "isOneOf"},
	}
	for _, typ := range body.Data.Schema.Types {
		kind, _ := typ["kind"].(string)
		for _, field := range []string{"fields", "interfaces", "possibleTypes", "enumValues", "inputFields", "isOneOf", "ofType", "specifiedByURL"} {
			want := false
			for _, f := range has[kind] {
				want = want || f == field
			}
			if name, _ := typ["name"].(string); kind == "SCALAR" && slices.Contains([]string{"Boolean", "Float", "ID", "Int", "String"}, name) {
				want = false // the specification's own scalars
			}
			if got := typ[field] != nil; got != want {
				t.Errorf("%s of the %s %s is %v", field, kind, typ["name"], typ[field])
			}
		}
	}
	if strings.Contains(answer.Body, `"kind":"NON_NULL","fields":[`) || strings.Contains(answer.Body, `"kind":"LIST","fields":[`) {
		t.Error("a list or a non-null type has fields")
	}
	for _, d := range body.Data.Schema.Directives {
		if d.Name == "defer" {
			t.Error("@defer is offered")
		}
	}
	if got := a.Query(apitest.Administrator, `{ ... @defer { customers { totalCount } } }`, nil); !strings.Contains(got.Body, `@defer`) || got.Status == 200 {
		t.Errorf("@defer is accepted: %d %s", got.Status, got.Body)
	}
}
