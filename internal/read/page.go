package read

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strconv"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/ent/predicate"
)

// orders are the columns of the orders of customers.
func orders() map[string]string {
	return map[string]string{
		"NAME": customer.FieldNameFold, "CREATED_AT": customer.FieldCreatedAt, "CITY": customer.FieldCity,
		"COUNTRY": customer.FieldCountry, "STATUS": customer.FieldStatus,
	}
}

// page is what is asked of `customers`.
type page struct {
	size      int
	after     *ent.Cursor
	where     predicate.Customer
	order     string // the column, "" for that of creation
	direction entgql.OrderDirection
}

// arguments reads the arguments of a page. Whatever is wrong with them the
// ordinary path tells.
func (c *compiler) arguments(ctx context.Context, f graphql.CollectedField) (*page, error) {
	p := &page{size: ent.DefaultPage, direction: entgql.OrderDirectionAsc}
	for name, value := range f.ArgumentMap(c.oc.Variables) {
		if value == nil {
			continue
		}
		var err error
		switch name {
		case "first":
			if p.size, err = strconv.Atoi(text(value)); err != nil || p.size < 1 || p.size > ent.MaxPage {
				return nil, errNotCovered
			}
		case "after":
			p.after = &ent.Cursor{}
			err = p.after.UnmarshalGQL(value)
		case "orderBy":
			err = p.orderBy(value)
		case "where":
			var in ent.CustomerWhereInput
			if err = graphql.UnmarshalNamedInputFromContext(ctx, "CustomerWhereInput", value, &in); err == nil {
				p.where, err = in.P()
			}
			if errors.Is(err, ent.ErrEmptyCustomerWhereInput) {
				err = nil
			}
		default:
			return nil, errNotCovered
		}
		if err != nil {
			return nil, errNotCovered
		}
	}
	return p, nil
}

func (p *page) orderBy(value any) error {
	given, _ := value.(map[string]any)
	field, _ := given["field"].(string)
	column, ok := orders()[field]
	if !ok {
		return errNotCovered
	}
	p.order = column
	if direction, ok := given["direction"].(string); ok {
		p.direction = entgql.OrderDirection(direction)
	}
	return p.direction.Validate()
}

// page answers `customers`.
func (r *Reader) page(ctx context.Context, c *compiler, f graphql.CollectedField) ([]byte, error) {
	p, err := c.arguments(ctx, f)
	if err != nil {
		return nil, err
	}
	e := c.entities["Customer"]
	selected := graphql.CollectFields(c.oc, f.Selections, []string{"CustomerConnection"})
	nodes, err := c.nodes(e, selected, true)
	if err != nil {
		return nil, err
	}
	a := &assembly{c: c, selected: selected, nodes: nodes, page: p}
	for _, part := range selected {
		if part.Name == "totalCount" {
			if a.total, err = r.count(ctx, c, e, p); err != nil {
				return nil, err
			}
			break
		}
	}
	if err := r.rows(ctx, c, e, p, nodes, a); err != nil {
		return nil, err
	}
	return a.write()
}

func (c *compiler) selector(e *entity, t *sql.SelectTable, p *page) *sql.Selector {
	s := sql.Dialect(dialect.Postgres).Select().From(t)
	if p.where != nil {
		p.where(s)
	}
	e.visible(c.viewer, s)
	return s
}

func (r *Reader) count(ctx context.Context, c *compiler, e *entity, p *page) (n int64, err error) {
	query, args := c.selector(e, c.table(e), p).SelectExpr(sql.Raw("count(*)")).Query()
	err = r.store.Rows(ctx, query, args, func(rows driver.Rows) error {
		values := make([]driver.Value, 1)
		if err := rows.Next(values); err != nil {
			return err
		}
		n, _ = values[0].(int64)
		return nil
	})
	return n, err
}

// rows reads a page and one row more, which tells whether another follows.
func (r *Reader) rows(ctx context.Context, c *compiler, e *entity, p *page, n *nodeObjects, a *assembly) error {
	t := n.table
	s := c.selector(e, t, p)
	order := p.order
	if order == "" {
		order = customer.FieldID
	}
	for _, after := range entgql.CursorsPredicate(p.after, nil, customer.FieldID, order, p.direction) {
		after(s)
	}
	by := []string{direct(t.C(order), p.direction)}
	if order != customer.FieldID {
		by = append(by, direct(t.C(customer.FieldID), p.direction))
	}
	s.OrderBy(by...).Limit(p.size + 1)
	s.SelectExpr(sql.ExprFunc(func(b *sql.Builder) {
		b.Ident(t.C(customer.FieldID)).WriteString(", ").Ident(t.C(order))
		for _, object := range n.objects {
			b.WriteString(", ").Join(object)
		}
	}))
	query, args := s.Query()
	return r.store.Rows(ctx, query, args, func(rows driver.Rows) error {
		values := make([]driver.Value, 2+len(n.objects))
		for {
			switch err := rows.Next(values); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			case len(a.rows) == p.size:
				a.more = true
				continue
			}
			if err := a.add(values); err != nil {
				return err
			}
		}
	})
}

func direct(column string, d entgql.OrderDirection) string {
	if d == entgql.OrderDirectionDesc {
		return sql.Desc(column)
	}
	return sql.Asc(column)
}
