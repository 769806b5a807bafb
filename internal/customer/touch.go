package customer

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/ent/predicate"
	"cloudapi/internal/viewer"
)

// touchFree touches the customers of additions, which holds their rows until
// the end, and returns those that are there; they get the same new version. In
// the common lane it leaves out what another transaction holds: it waits for
// nobody, so that nothing can hold up all of them, nor two transactions each
// other.
func touchFree(ctx context.Context, tx *ent.Client, up *ent.CustomerUpdate, lane uuid.UUID, all []*addition) (map[uuid.UUID]*ent.Customer, error) {
	ids := make([]uuid.UUID, len(all))
	for i, m := range all {
		ids[i] = m.in.CustomerID
	}
	system := viewer.SystemContext(ctx)
	found, err := tx.Customer.Query().Where(among(ids), forUpdate(lane == common)).All(system)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids = ids[:0]
	for _, c := range found {
		ids = append(ids, c.ID)
	}
	n, err := up.Where(among(ids)).Save(system)
	if err != nil {
		return nil, err
	}
	if n != len(found) {
		return nil, fmt.Errorf("touched %d of %d customers that are held", n, len(found))
	}
	touched := make(map[uuid.UUID]*ent.Customer, n)
	for _, c := range found {
		c.Version, _ = up.Mutation().Version()
		c.UpdatedAt, _ = up.Mutation().UpdatedAt()
		touched[c.ID] = c
	}
	return touched, nil
}

// among is customer.IDIn whose statement is the same for any number of them on
// PostgreSQL, which plans it once.
func among(ids []uuid.UUID) predicate.Customer {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	texts := make(pq.StringArray, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return func(s *sql.Selector) {
		if s.Dialect() != dialect.Postgres {
			customer.IDIn(ids...)(s)
			return
		}
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(customer.FieldID)).WriteString(" = ANY(").Arg(texts).WriteString(")")
		}))
	}
}

// forUpdate holds the rows that are found, in one order everywhere, perhaps without
// those that others hold. SQLite has one writer.
func forUpdate(onlyFree bool) predicate.Customer {
	return func(s *sql.Selector) {
		if s.Dialect() != dialect.Postgres {
			return
		}
		s.OrderBy(s.C(customer.FieldID))
		if onlyFree {
			s.ForUpdate(sql.WithLockAction(sql.SkipLocked))
		} else {
			s.ForUpdate()
		}
	}
}
