package graph_test

import (
	"slices"
	"strings"
	"testing"

	_ "cloudapi/ent/runtime" // sets the validators
	"cloudapi/graph"
)

// TestTextsOfInputsAreChecked: each text field of an input of a mutation has the check of its column.
func TestTextsOfInputsAreChecked(t *testing.T) {
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	checked := graph.InputTexts(schema)
	// A login that does not exist is answered as a wrong password.
	exceptions := []string{"SignInInput.login"}
	for _, definition := range schema.Types {
		if !strings.HasSuffix(definition.Name, "Input") && definition.Name != "ExecutionParams" || strings.HasSuffix(definition.Name, "WhereInput") {
			continue
		}
		for _, f := range definition.Fields {
			name := definition.Name + "." + f.Name
			if f.Type.Name() == "String" && checked[name] == nil && !slices.Contains(exceptions, name) {
				t.Errorf("%s has no check", name)
			}
		}
	}
	if check := checked["UpdateCustomerInput.name"]; check == nil || check(strings.Repeat("x", 256)) == nil {
		t.Error("a name of 256 characters is accepted")
	}
}
