package fastread

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/viewer"
)

// How many plans, and variables of operations, are kept, and how long the text
// of a shape may be, in bytes, for its plan to be kept.
const (
	keptPlans    = 1024
	longestShape = 1 << 10
)

// plans keeps plans with the operations that they were compiled from. The engine
// keeps parsed operations too, so that an operation that comes again is the same
// one.
type plans struct {
	variables *lru.Cache[*ast.OperationDefinition, *variables]
	kept      *lru.Cache[planKey, *plan] // nil for what is not covered
}

type planKey struct {
	operation    *ast.OperationDefinition
	alias, shape string
}

func newPlans() *plans {
	// Only a size that is not positive is an error.
	variables, _ := lru.New[*ast.OperationDefinition, *variables](keptPlans)
	kept, _ := lru.New[planKey, *plan](keptPlans)
	return &plans{variables: variables, kept: kept}
}

// get returns the plan of a root field, compiling it when it is not kept.
func (p *plans) get(oc *graphql.OperationContext, alias string, v *viewer.Viewer, compile func() (*plan, error)) (*plan, error) {
	key, needed, err := p.key(oc, alias, v)
	if err != nil {
		return nil, err
	}
	if found, ok := p.kept.Get(key); ok {
		if found == nil {
			return nil, errNotCovered
		}
		return found, nil
	}
	made, err := compile()
	if err == nil {
		made.cursors = needed.cursors
	}
	if len(key.shape) <= longestShape && (err == nil || errors.Is(err, errNotCovered)) {
		p.kept.Add(key, made)
	}
	return made, err
}

// known returns the plan of a root field if it is kept, or nil.
func (p *plans) known(oc *graphql.OperationContext, alias string, v *viewer.Viewer) *plan {
	if v == nil {
		return nil
	}
	key, _, err := p.key(oc, alias, v)
	if err != nil {
		return nil
	}
	found, _ := p.kept.Get(key)
	return found
}

func (p *plans) key(oc *graphql.OperationContext, alias string, v *viewer.Viewer) (planKey, *variables, error) {
	needed, ok := p.variables.Get(oc.Operation)
	if !ok {
		needed = variablesOf(oc.Operation)
		p.variables.Add(oc.Operation, needed)
	}
	shape, err := needed.shape(v, oc.Variables)
	return planKey{oc.Operation, alias, shape}, needed, err
}
