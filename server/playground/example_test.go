package playground_test

import (
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
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
		for _, selected := range operation.SelectionSet {
			if field, ok := selected.(*ast.Field); ok && operation.Operation == ast.Mutation {
				shown[field.Name] = true
			}
		}
	}
	for _, mutation := range schema.Mutation.Fields {
		if !shown[mutation.Name] {
			t.Errorf("no example shows %s", mutation.Name)
		}
	}
}
