package customer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/customer"
	entjob "cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// singleStatement makes additions in one statement, which is its own transaction: one
// round trip to PostgreSQL for all of them.
type singleStatement struct{ driver dialect.Driver }

// rows are what a statement inserts, by table, as JSON arrays for
// json_populate_recordset.
type rows struct{ units, jobs []byte }

func (o *singleStatement) make(ctx context.Context, queue queueKey, all []*addition) error {
	d := &recordingDriver{Driver: o.driver}
	client := ent.NewClient(ent.Driver(d))
	touch := client.Customer.Update()
	some, inserted := permitted(client, touch.Mutation(), all)
	if len(some) == 0 {
		return nil
	}
	if _, err := touch.Where(inHeld).Save(viewer.SystemContext(ctx)); err != nil {
		return alone(err)
	}
	d.join(queue == common, some, inserted)
	touched, err := client.Customer.Query().All(viewer.SystemContext(ctx))
	if err != nil {
		return d.judge(err)
	}
	found := make(map[uuid.UUID]*ent.Customer, len(touched))
	for _, c := range touched {
		found[c.ID] = c
	}
	for _, m := range some {
		if c := found[m.in.CustomerID]; c != nil {
			own := *c
			m.customer, m.outcome = &own, nil
		} else if queue == common {
			m.outcome = errLocked
		}
	}
	return nil
}

// permitted returns the additions that their callers may make, and their rows,
// which have passed ent's policies, hooks and validators with the callers' rights.
// Each caller's policy narrows what may be touched: what one of them may not is
// touched for nobody, and made alone.
func permitted(client *ent.Client, touch *ent.CustomerMutation, all []*addition) (some []*addition, inserted rows) {
	asked := map[viewer.Viewer]error{}
	for _, m := range all {
		who := *viewer.FromContext(m.Context())
		err, known := asked[who]
		if !known {
			err = customer.Policy.EvalMutation(m.Context(), touch)
			asked[who] = err
		}
		if err != nil {
			continue
		}
		row := unit(client, m.kind, m.in)
		if m.unit, err = row.Save(m.Context()); err != nil {
			continue
		}
		record, err := m.Record(m.Context(), client)
		if err != nil {
			continue
		}
		some = append(some, m)
		inserted.units = appendRow(inserted.units, row.Mutation(), m.unit.ID)
		inserted.jobs = appendRow(inserted.jobs, record.Mutation(), m.Job.ID)
	}
	inserted.units, inserted.jobs = append(inserted.units, ']'), append(inserted.jobs, ']')
	return some, inserted
}

// inHeld narrows what is touched to what the statement holds.
func inHeld(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString(s.C(customer.FieldID)).WriteString(" IN (SELECT held.id FROM held)")
	}))
}

// join makes the statement of what ent has deferred: the customers are held, in
// one order everywhere and in the common lane without those that others hold,
// touched as ent has said, and given their units and jobs. Its text is the same
// for any number of additions, so that it is prepared once; and it is planned
// once because the planner cannot look into the array: = ANY($1) it would plan
// anew each time, in which it spends longer than the statement takes.
func (d *recordingDriver) join(onlyFree bool, some []*addition, inserted rows) {
	ids := make([]string, len(some))
	for i, m := range some {
		ids[i] = m.in.CustomerID.String()
	}
	lock := "FOR UPDATE"
	if onlyFree {
		lock += " SKIP LOCKED"
	}
	n := len(d.args)
	d.args = append(slices.Clone(d.args), pq.StringArray(ids), string(inserted.units), string(inserted.jobs))
	d.query = fmt.Sprintf(`WITH held AS MATERIALIZED (SELECT id FROM customers WHERE id = ANY(ARRAY(SELECT unnest($%d::uuid[]))) ORDER BY id %s), `+
		`touched AS (%s RETURNING *), units AS (%s), jobs AS (%s) SELECT * FROM touched`,
		n+1, lock, d.query,
		insertFrom(capacityunit.Table, capacityunit.Columns, capacityunit.FieldCustomerID, n+2),
		insertFrom(entjob.Table, entjob.Columns, entjob.FieldCustomerID, n+3))
	d.joined = true
}

// insertFrom inserts the rows of an argument whose customers were touched.
func insertFrom(table string, columns []string, customerID string, arg int) string {
	list := strings.Join(columns, ", ")
	return fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM json_populate_recordset(NULL::%[1]s, $%[4]d) WHERE %[5]s IN (SELECT id FROM touched)`,
		table, list, list, arg, customerID)
}

// judge tells whether a statement that has failed has left nothing: when the
// database has said so, or was never asked.
func (d *recordingDriver) judge(err error) error {
	answer, answered := errors.AsType[*pq.Error](err)
	switch {
	case answered && !fault.Is(store.Fault(answer), fault.Unavailable):
		return alone(err)
	case !answered && !d.begun && fault.Is(store.Fault(err), fault.Timeout):
		return alone(err)
	default:
		return err
	}
}

func alone(err error) error { return fmt.Errorf("%w: %w", job.ErrNotGrouped, err) }
