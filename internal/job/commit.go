package job

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/internal/groupcommit"
)

// commit makes a change in its own transaction or together with others. A change with a stage before its transaction is made
// in the ordinary way: it has waited for another system, or sets a password's hash, which must not be part of a statement's
// text.
func (r *Recorder) commit(ctx context.Context, a *attempt, work func(context.Context) error) error {
	if a == nil || a.Before != nil {
		return work(ctx)
	}
	change := groupcommit.Change{OnlyWrites: a.OnlyWrites && a.parent() == nil, Limited: a.duration() > 0, Work: work}
	for _, id := range []*uuid.UUID{a.ObjectID, a.CustomerID} {
		if id != nil {
			change.Key = *id
		}
	}
	return r.Commits.Do(ctx, change)
}
