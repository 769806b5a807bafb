package fastread

import (
	"context"
	"errors"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/viewer"
)

// How many plans, and variables of operations, are kept, and how long the text
// of a shape may be, in bytes, for its plan to be kept.
const (
	keptPlans    = 1024
	longestShape = 4 << 10
)

// plans keeps plans with the operations that they were compiled from. The engine
// keeps parsed operations too, so that an operation that comes again is the same
// one.
type plans struct {
	entities map[string]*entity
	dialect  string
	// seen are the last operations that came. An operation is kept when it comes
	// again: the engine has kept it too then.
	seen      *lru.Cache[weak.Pointer[ast.OperationDefinition], struct{}]
	variables *lru.Cache[*ast.OperationDefinition, *variables]
	kept      *lru.Cache[planKey, *plan] // nil for what is not covered
}

type planKey struct {
	operation    *ast.OperationDefinition
	alias, shape string
}

func newPlans(entities map[string]*entity, dialect string) *plans {
	// Only a size that is not positive is an error.
	seen, _ := lru.New[weak.Pointer[ast.OperationDefinition], struct{}](keptPlans)
	variables, _ := lru.New[*ast.OperationDefinition, *variables](keptPlans)
	kept, _ := lru.New[planKey, *plan](keptPlans)
	return &plans{entities: entities, dialect: dialect, seen: seen, variables: variables, kept: kept}
}

// get returns the plan of a root field, compiling it when it is not kept, and the
// values of the filters of its operation.
func (p *plans) get(ctx context.Context, oc *graphql.OperationContext, alias string, v *viewer.Viewer, compile func(*variables) (*plan, error)) (*plan, [][]any, error) {
	needed, again := p.needed(oc)
	conditions, values, err := needed.evaluate(ctx, p.dialect, oc.Variables)
	if err != nil {
		return nil, nil, err
	}
	shape, err := needed.shape(v, oc.Variables, conditions)
	if err != nil {
		return nil, nil, err
	}
	key := planKey{oc.Operation, alias, shape}
	if found, ok := p.kept.Get(key); ok {
		if found == nil {
			return nil, nil, errNotCovered
		}
		return found, values, nil
	}
	made, err := compile(needed)
	if err == nil {
		made.cursors = needed.cursors
	}
	if again && len(key.shape) <= longestShape && (err == nil || errors.Is(err, errNotCovered)) {
		p.kept.Add(key, made)
	}
	return made, values, err
}

// known returns the plan of a root field without filters if it is kept, or nil.
// Filters cannot be read before gqlgen has begun to execute the operation.
func (p *plans) known(oc *graphql.OperationContext, alias string, v *viewer.Viewer) *plan {
	if v == nil {
		return nil
	}
	needed, ok := p.variables.Get(oc.Operation)
	if !ok || len(needed.filters) > 0 {
		return nil
	}
	shape, err := needed.shape(v, oc.Variables, nil)
	if err != nil {
		return nil
	}
	found, _ := p.kept.Get(planKey{oc.Operation, alias, shape})
	return found
}

// needed are the variables of an operation, and whether it came before.
func (p *plans) needed(oc *graphql.OperationContext) (needed *variables, again bool) {
	needed, ok := p.variables.Get(oc.Operation)
	if ok {
		return needed, true
	}
	needed = variablesOf(oc.Operation, p.entities)
	again, _ = p.seen.ContainsOrAdd(weak.Make(oc.Operation), struct{}{})
	if again {
		p.variables.Add(oc.Operation, needed)
	}
	return needed, again
}
