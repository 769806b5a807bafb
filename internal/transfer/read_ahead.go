package transfer

import (
	"context"
	"errors"

	"golang.org/x/sync/semaphore"

	"cloudapi/internal/service"
)

// readAhead reads and checks objects on a separate goroutine while give loads the previous ones. It reads at most a batch of
// rows ahead, so that the memory does not grow with the source.
func readAhead(ctx context.Context, s Source, check func(*Item), give func(Item) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type weighed struct {
		Item
		rows int64
	}
	read := make(chan weighed, batchObjects)
	room := semaphore.NewWeighted(batchRows)
	ended := service.Start(func() error {
		defer close(read)
		return s.Read(ctx, func(i Item) error {
			w := weighed{i, i.rowCount()}
			if err := room.Acquire(ctx, w.rows); err != nil {
				return err
			}
			check(&w.Item)
			select {
			case read <- w:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	for w := range read {
		room.Release(w.rows)
		if err := give(w.Item); err != nil {
			cancel()
			if stopped := <-ended; !errors.Is(stopped, context.Canceled) {
				err = errors.Join(err, stopped)
			}
			return err
		}
	}
	return <-ended
}

// rowCount is how many rows of a batch an object counts for.
func (i *Item) rowCount() int64 {
	rows := 1
	if c, ok := i.Object.(*Customer); ok {
		rows += len(c.CapacityUnits) + len(c.Domains) + len(c.CloudUserGroups)
	}
	return int64(min(rows, batchRows))
}
