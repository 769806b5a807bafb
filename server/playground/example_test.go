package playground_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator"

	"cloudapi/graph"
	"cloudapi/server/playground"
)

func TestEachExampleIsValidAndEachMutationHasOne(t *testing.T) {
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	examples, err := playground.Examples()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, example := range examples {
		query, errs := gqlparser.LoadQueryWithRules(schema, example.Query, nil)
		if errs != nil {
			t.Errorf("%s: %v", example.Title, errs)
			continue
		}
		operation := query.Operations[0]
		var variables map[string]any
		if example.Variables != "" {
			if err := json.Unmarshal([]byte(example.Variables), &variables); err != nil {
				t.Errorf("%s: variables: %v", example.Title, err)
			}
		}
		if _, err := validator.VariableValues(schema, operation, variables); err != nil {
			t.Errorf("%s: variables: %v", example.Title, err)
		}
		// A mutation that has nothing to change in the demo is shown in a comment.
		for _, mutation := range schema.Mutation.Fields {
			if strings.Contains(example.Query, " "+mutation.Name+"(input: $input)") {
				shown[mutation.Name] = true
			}
		}
	}
	for _, mutation := range schema.Mutation.Fields {
		if !shown[mutation.Name] {
			t.Errorf("no example shows %s", mutation.Name)
		}
	}
}
