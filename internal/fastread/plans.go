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

// maxPlans is the maximum number of cached plans, and of operations. maxShape is the maximum size of a cached shape, in bytes.
const (
	maxPlans = 1024
	maxShape = 4 << 10
)

// plans caches plans by operation and shape. The engine caches parsed operations, so a repeated operation has the same pointer.
type plans struct {
	entities map[string]*entity
	dialect  string
	// seen has the last operations. An operation is cached at its second use, when the engine has cached it too.
	seen      *lru.Cache[weak.Pointer[ast.OperationDefinition], struct{}]
	variables *lru.Cache[*ast.OperationDefinition, *variables]
	cached    *lru.Cache[planKey, *plan] // nil plans are not covered
}

type planKey struct {
	operation    *ast.OperationDefinition
	alias, shape string
}

func newPlans(entities map[string]*entity, dialect string) *plans {
	// New fails only for a size that is not positive.
	seen, _ := lru.New[weak.Pointer[ast.OperationDefinition], struct{}](maxPlans)
	variables, _ := lru.New[*ast.OperationDefinition, *variables](maxPlans)
	cached, _ := lru.New[planKey, *plan](maxPlans)
	return &plans{entities: entities, dialect: dialect, seen: seen, variables: variables, cached: cached}
}

// get returns the plan of a root field, from the cache or compiled, and the values of the filters of the operation.
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
	if found, ok := p.cached.Get(key); ok {
		if found == nil {
			return nil, nil, errNotCovered
		}
		return found, values, nil
	}
	made, err := compile(needed)
	if err == nil {
		made.cursors = needed.cursors
	}
	if again && len(key.shape) <= maxShape && (err == nil || errors.Is(err, errNotCovered)) {
		p.cached.Add(key, made)
	}
	return made, values, err
}

// known returns the cached plan of a root field without filters, or nil. Filters cannot be read before gqlgen executes the
// operation.
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
	found, _ := p.cached.Get(planKey{oc.Operation, alias, shape})
	return found
}

// needed returns the variables of an operation, and whether the operation was used before.
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
