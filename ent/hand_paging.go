package ent

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/fault"
)

// Page sizes: a request may ask for 1 to MaxPage entries; the default is DefaultPage.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// page has the arguments of a connection. Relay's algorithm: the cursors cut the list, then first takes entries from its
// start, then last takes entries from the end of those.
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

// place returns the position in the list of the cursor given as the named argument.
func (l List) place(argument string, c *Cursor) (*Place, error) {
	if c == nil {
		return nil, nil
	}
	value, err := l.Value(c)
	if err != nil {
		return nil, err.On(argument)
	}
	return &Place{Columns: l.Columns(), Direction: l.Direction, ID: c.ID, Values: Values(value)}, nil
}

// between selects the rows that lie between the cursors.
func (p *page) between(s *sql.Selector) {
	if p.after != nil {
		p.after.After()(s)
	}
	if p.before != nil {
		p.before.Before()(s)
	}
}

// beyond returns conditions for the rows outside the cursors, keyed by the selected field of PageInfo that reports whether
// such rows exist.
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

// setPageInfo sets the field of a PageInfo that reports rows beyond a cursor.
func setPageInfo(info *PageInfo, field string, found bool) {
	if field == "hasNextPage" {
		info.HasNextPage = found
	} else {
		info.HasPreviousPage = found
	}
}

// cut returns the rows of the page in their order. It gets the rows that paginateLimit selects: one more than the page
// holds, which shows whether more rows exist, in reverse order if fromEnd reports true.
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

// validateFirstLast accepts everything: newPage checks the arguments when the connection is resolved, so that the error has
// its path.
func validateFirstLast(_, _ *int) error { return nil }

// limitPerRow limits the rows for each parent. entgql's version selects the right rows but returns them in no defined order;
// this one keeps the order.
func limitPerRow(partitionBy string, limit int, orderBy ...sql.Querier) func(*sql.Selector) {
	limited := entgql.LimitPerRow(partitionBy, limit, orderBy...)
	return func(s *sql.Selector) {
		limited(s)
		s.OrderExpr(orderBy...)
	}
}

// SelectSide adds the columns that assign a unit to a side of the customer's capacity, for queries that select only some
// fields.
func (_q *CapacityUnitQuery) SelectSide() {
	if len(_q.ctx.Fields) == 0 {
		return
	}
	for _, field := range []string{capacityunit.FieldKind, capacityunit.FieldType, capacityunit.FieldAmount, capacityunit.FieldPlace} {
		_q.ctx.AppendFieldOnce(field)
	}
}

// WithoutDistinct removes DISTINCT from a query for jobs.
func (_q *JobQuery) WithoutDistinct() { _q.Unique(false) }

// MaxCounted is the largest exact total of a list of jobs. Jobs are never deleted, and counting a million of them takes
// longer than reading a page.
const MaxCounted = 10_000

// estimateField is true if a list of jobs has more than MaxCounted entries.
const estimateField = "totalCountIsEstimate"

// CountSome counts jobs up to MaxCounted+1; that value means that there are more than MaxCounted.
func (_q *JobQuery) CountSome(ctx context.Context) (int, error) {
	more, err := _q.Clone().Offset(MaxCounted).Exist(ctx)
	if err != nil || more {
		return MaxCounted + 1, err
	}
	return _q.Count(ctx)
}

// Counted returns the number of jobs, or MaxCounted+1 if there are more than MaxCounted.
func (c *JobConnection) Counted() int { return min(c.TotalCount, MaxCounted+1) }

// TotalCountIsEstimate reports whether there are more than MaxCounted jobs.
func (c *JobConnection) TotalCountIsEstimate() bool { return c.TotalCount > MaxCounted }
