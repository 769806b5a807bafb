package ent

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/fault"
)

// The size of a page: what is asked for must lie in 1 to MaxPage, and nothing
// asked for means DefaultPage.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// page is the arguments of a connection. Relay's algorithm: the cursors cut the
// list, then first takes entries from its start, then last takes entries from
// the end of those.
type page struct {
	list          List
	after, before *Place
	first, last   *int
}

// fromEnd reports whether the rows of a page are read from the end of the list.
func fromEnd(first, last *int) bool { return first == nil && last != nil }

// newPage checks the arguments of the connection that is being resolved.
func newPage(ctx context.Context, column string, d OrderDirection, after *Cursor, first *int, before *Cursor, last *int) (*page, error) {
	p := &page{list: List{Column: column, Direction: d}, first: first, last: last}
	if fc := graphql.GetFieldContext(ctx); fc != nil {
		p.list.Object, p.list.Field = fc.Object, fc.Field.Name
	}
	for name, size := range map[string]*int{"first": first, "last": last} {
		if size != nil && (*size < 1 || *size > MaxPage) {
			return nil, fault.New(fault.Invalid, "%s must be from 1 to %d, not %d", name, MaxPage, *size).On(name)
		}
	}
	var err error
	if p.after, err = p.list.place("after", after); err != nil {
		return nil, err
	}
	p.before, err = p.list.place("before", before)
	return p, err
}

// place is where a cursor, the argument of that name, stands in the list.
func (l List) place(argument string, c *Cursor) (*Place, error) {
	if c == nil {
		return nil, nil
	}
	value, err := l.Value(c)
	if err != nil {
		return nil, err.On(argument)
	}
	return &Place{Column: l.Column, Direction: l.Direction, ID: c.ID, Value: value}, nil
}

// between keeps the rows that lie between the cursors.
func (p *page) between(s *sql.Selector) {
	if p.after != nil {
		p.after.After()(s)
	}
	if p.before != nil {
		p.before.Before()(s)
	}
}

// beyond returns the conditions of rows that the cursors cut off, by the fields
// of PageInfo that report such rows, as far as they are selected.
func (p *page) beyond(ctx context.Context) map[string]func(*sql.Selector) {
	all := map[string]func(*sql.Selector){}
	if p.after != nil && selectsPageInfo(ctx, "hasPreviousPage") {
		all["hasPreviousPage"] = p.after.NotAfter()
	}
	if p.before != nil && selectsPageInfo(ctx, "hasNextPage") {
		all["hasNextPage"] = p.before.NotBefore()
	}
	return all
}

// tell notes in a PageInfo that there are rows beyond a cursor.
func tell(info *PageInfo, field string, found bool) {
	if field == "hasNextPage" {
		info.HasNextPage = found
	} else {
		info.HasPreviousPage = found
	}
}

// cut returns the rows of the page in their order. The rows given are those that
// paginateLimit asks for: one more than the page has, which shows that there are
// others, and from the end of the list where fromEnd says so.
func cut[T any](p *page, rows []T, info *PageInfo) []T {
	if fromEnd(p.first, p.last) {
		turned := make([]T, 0, len(rows))
		for i := range rows {
			turned = append(turned, rows[len(rows)-1-i])
		}
		rows = turned
	}
	if p.first != nil && len(rows) > *p.first {
		info.HasNextPage = true
		rows = rows[:*p.first]
	}
	if p.last != nil && len(rows) > *p.last {
		info.HasPreviousPage = true
		rows = rows[len(rows)-*p.last:]
	}
	return rows
}

// validateFirstLast accepts everything: newPage checks the arguments where the
// connection is resolved, so that the error has its path.
func validateFirstLast(_, _ *int) error { return nil }

// limitPerRow is entgql's limit of rows for each parent, which chooses the right
// ones and leaves their order to chance: ours keeps it.
func limitPerRow(partitionBy string, limit int, orderBy ...sql.Querier) func(*sql.Selector) {
	limited := entgql.LimitPerRow(partitionBy, limit, orderBy...)
	return func(s *sql.Selector) {
		limited(s)
		s.OrderExpr(orderBy...)
	}
}

// SelectSide adds what sorts units into the sides of a customer's capacity to a
// query that selects some of their fields only.
func (_q *CapacityUnitQuery) SelectSide() {
	if len(_q.ctx.Fields) == 0 {
		return
	}
	for _, field := range []string{capacityunit.FieldKind, capacityunit.FieldType, capacityunit.FieldAmount, capacityunit.FieldPlace} {
		_q.ctx.AppendFieldOnce(field)
	}
}

// AsTheyAre leaves DISTINCT out of a query for jobs.
func (_q *JobQuery) AsTheyAre() { _q.Unique(false) }

// MaxCounted is how many jobs are counted for the total of a list. Jobs are kept
// for good, and to count a million of them takes longer than to read a page.
const MaxCounted = 10_000

// estimateField says that a list of jobs has more than MaxCounted.
const estimateField = "totalCountIsEstimate"

// CountSome counts jobs up to MaxCounted; one more means that there are more.
func (_q *JobQuery) CountSome(ctx context.Context) (int, error) {
	more, err := _q.Clone().Offset(MaxCounted).Exist(ctx)
	if err != nil || more {
		return MaxCounted + 1, err
	}
	return _q.Count(ctx)
}

// Counted is how many jobs there are, MaxCounted and one where there are more.
func (c *JobConnection) Counted() int { return min(c.TotalCount, MaxCounted+1) }

// TotalCountIsEstimate reports whether there are more jobs than Counted says.
func (c *JobConnection) TotalCountIsEstimate() bool { return c.TotalCount > MaxCounted }
