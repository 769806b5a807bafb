package engine

import (
	"context"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/graph/selection"
	"cloudapi/internal/budget"
)

// The memory that gqlgen allocates until an answer is written, in bytes: for an object, and for each of its fields.
const (
	objectMemory = 256
	fieldMemory  = 128
)

// bufferCopies is how many copies of an answer's text exist at once: it is copied while its buffer grows.
const bufferCopies = 3

// budgetCounter charges the answer that gqlgen builds to the operation's budget, field by field. That includes mutation
// payloads, introspection, and all reads that the fast path does not cover.
type budgetCounter struct{}

// ExtensionName implements graphql.HandlerExtension.
func (budgetCounter) ExtensionName() string { return "counting" }

// Validate accepts any schema.
func (budgetCounter) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField skips the resolver if the operation must end.
func (budgetCounter) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	b := budget.From(ctx)
	if err := b.Err(); err != nil {
		return nil, err
	}
	result, err := next(ctx)
	if err != nil || b == nil {
		return result, err
	}
	field := graphql.GetFieldContext(ctx)
	if field.Object == "Mutation" {
		b.Changed(executedChange{field.Field.Alias, result})
	}
	objects, bytes := sizeOf(&field.Field, result)
	if err := b.Draw(objects, bytes, fieldMemory+objects*objectMemory+bufferCopies*bytes); err != nil {
		return nil, err
	}
	return result, nil
}

// sizeOf returns how many objects and bytes a field adds to an answer, without the fields of those objects.
func sizeOf(f *graphql.CollectedField, result any) (objects, bytes int) {
	bytes = len(f.Alias) + len(`"":,`)
	if len(f.Selections) == 0 {
		return 0, bytes + textSize(result)
	}
	n := count(result)
	return n, bytes + n*(len(`{},`)+typeNames(f.Selections))
}

// count returns the number of objects in a result.
func count(result any) int {
	if result == nil {
		return 0
	}
	switch v := reflect.ValueOf(result); v.Kind() {
	case reflect.Slice:
		return v.Len()
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
	}
	return 1
}

// maxTypeName is roughly the length of the longest name of a type.
const maxTypeName = 32

// typeNames returns the size of an object's __typename fields, which gqlgen writes without an interceptor.
func typeNames(set ast.SelectionSet) int {
	n := 0
	for f := range selection.Fields(set) {
		if f.Name == "__typename" {
			n += len(f.Alias) + maxTypeName
		}
	}
	return n
}
