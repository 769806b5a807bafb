package fastread

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/google/uuid"

	"cloudapi/internal/batch"
	"cloudapi/internal/store"
)

// parallel returns the maximum number of concurrent statements of one plan. With more of them fewer requests share each. On a machine
// with two processors for server and database, one is best.
func parallel() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// sharing is the key of requests that can share a statement.
type sharing struct {
	plan *plan
	// viewer is the zero guid if the statement does not depend on the viewer.
	viewer  uuid.UUID
	cursors string
	filters string
}

func (r *Reader) sharing(p *plan, q *request) sharing {
	key := sharing{plan: p}
	if p.viewerDependent {
		key.viewer = q.viewer.ID
	}
	if len(p.cursors) > 0 {
		var all strings.Builder
		for _, name := range p.cursors {
			text, _ := q.variables[name].(string)
			all.WriteString(text + " ")
		}
		key.cursors = all.String()
	}
	if len(q.filters) > 0 {
		key.filters = fmt.Sprintf("%#v", q.filters)
	}
	return key
}

// runGroup answers simultaneous requests. Each must see everything that was committed before it arrived. ctx is that of the first.
func (r *Reader) runGroup(ctx context.Context, key sharing, all []*request) []batch.Result[[]byte] {
	if len(all) > 1 {
		ctx = store.ChooseStandbyAgain(ctx)
	}
	return r.run(ctx, key.plan, all)
}

// uniqueGuids returns the requested guids, each once.
func uniqueGuids(all []*request) []uuid.UUID {
	guids := make([]uuid.UUID, 0, len(all))
	for _, q := range all {
		if !slices.Contains(guids, q.guid) {
			guids = append(guids, q.guid)
		}
	}
	return guids
}
