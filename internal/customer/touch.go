package customer

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/ent/predicate"
)

// touchFree touches the customers of additions, which holds their rows until
// the end, and returns those that are there. In the common lane it leaves out
// what another transaction holds: it waits for nobody, so that nothing can hold
// up all of them, nor two transactions each other.
func touchFree(ctx context.Context, tx *ent.Client, lane uuid.UUID, all []*addition) (map[uuid.UUID]*ent.Customer, error) {
	ids := make([]uuid.UUID, len(all))
	for i, m := range all {
		ids[i] = m.in.CustomerID
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	if len(ids) > 1 {
		return touchSeveral(ctx, tx, ids)
	}
	up := tx.Customer.UpdateOneID(ids[0])
	if lane == common {
		up.Where(free(ids[0]))
	}
	changed, err := up.Save(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return map[uuid.UUID]*ent.Customer{changed.ID: changed}, nil
}

// touchSeveral touches customers at once: they get the same new version.
func touchSeveral(ctx context.Context, tx *ent.Client, ids []uuid.UUID) (map[uuid.UUID]*ent.Customer, error) {
	found, err := tx.Customer.Query().Where(customer.IDIn(ids...), held()).All(ctx)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids = ids[:0]
	for _, c := range found {
		ids = append(ids, c.ID)
	}
	up := tx.Customer.Update().Where(customer.IDIn(ids...))
	n, err := up.Save(ctx)
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

// held holds the rows that are found, in one order everywhere, without those
// that others hold. SQLite has one writer.
func held() predicate.Customer {
	return func(s *sql.Selector) {
		if s.Dialect() == dialect.Postgres {
			s.OrderBy(s.C(customer.FieldID)).ForUpdate(sql.WithLockAction(sql.SkipLocked))
		}
	}
}

// free is true for a customer that nobody else holds.
func free(id uuid.UUID) predicate.Customer {
	return func(s *sql.Selector) {
		if s.Dialect() != dialect.Postgres {
			return
		}
		own := sql.Dialect(s.Dialect()).Select(customer.FieldID).From(sql.Table(customer.Table)).
			Where(sql.EQ(customer.FieldID, id)).ForUpdate(sql.WithLockAction(sql.SkipLocked))
		s.Where(sql.In(s.C(customer.FieldID), own))
	}
}
