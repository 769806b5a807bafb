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

// parallel is how many statements of one plan run at once. With more of them
// fewer requests would share each; the server and the database share a machine
// with two processors well with one.
func parallel() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// sharing is what requests must have in common to share a statement.
type sharing struct {
	plan *plan
	// viewer is the zero guid where the statement is the same for everybody.
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

// together answers requests that came at the same time. Each must see what was
// committed before it came, and the context is that of the first.
func (r *Reader) together(ctx context.Context, key sharing, all []*request) []batch.Result[[]byte] {
	if len(all) > 1 {
		ctx = store.ChooseAgain(ctx)
	}
	return r.run(ctx, key.plan, all)
}

// uniqueGuids are the guids that requests ask for, each once.
func uniqueGuids(all []*request) []uuid.UUID {
	guids := make([]uuid.UUID, 0, len(all))
	for _, q := range all {
		if !slices.Contains(guids, q.guid) {
			guids = append(guids, q.guid)
		}
	}
	return guids
}
