package rule

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/ent/job"
	"cloudapi/ent/predicate"
)

// memberOf selects the groups that a user belongs to: the groups that list the user as a member, and the groups that contain
// those, at any depth. No other code defines membership for rights.
func memberOf(userID uuid.UUID) predicate.CloudUserGroup {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(cloudusergroup.FieldID))
			inQuery(b, func(b *sql.Builder) { groupsOf(b, userID) })
		}))
	}
}

// jobOf selects the jobs of the customers that a user sees. It compares guids of customers. HasCustomerWith would look
// for the customer of every job; with guids, the few jobs of a user are found by an index among millions of others.
func jobOf(userID uuid.UUID) predicate.Job {
	links, ids := customer.CloudUserGroupsTable, customer.CloudUserGroupsPrimaryKey
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(job.FieldCustomerID))
			inQuery(b, func(b *sql.Builder) {
				b.WriteString("SELECT ").Ident(ids[0]).WriteString(" FROM ").Ident(links).WriteString(" WHERE ").Ident(ids[1])
				inQuery(b, func(b *sql.Builder) { groupsOf(b, userID) })
			})
		}))
	}
}

// inQuery writes the condition that a value is in the result of a query. PostgreSQL evaluates an array once for the
// statement and finds the rows by an index. It would plan a condition with IN for any number of values.
func inQuery(b *sql.Builder, query func(*sql.Builder)) {
	if b.Dialect() == dialect.Postgres {
		b.WriteString(" = ANY(ARRAY").Wrap(query).WriteString(")")
		return
	}
	b.WriteString(" IN ").Wrap(query)
}

// groupsOf writes the query for the guids. UNION makes it end even if groups contain each other in a circle.
func groupsOf(b *sql.Builder, userID uuid.UUID) {
	users, members := cloudusergroup.UsersPrimaryKey, cloudusergroup.GroupsPrimaryKey
	b.WriteString("WITH RECURSIVE own(id) AS (SELECT ").Ident(users[0]).WriteString(" FROM ").Ident(cloudusergroup.UsersTable).
		WriteString(" WHERE ").Ident(users[1]).WriteString(" = ").Arg(userID).
		WriteString(" UNION SELECT m.").Ident(members[0]).WriteString(" FROM ").Ident(cloudusergroup.GroupsTable).
		WriteString(" AS m JOIN own ON m.").Ident(members[1]).WriteString(" = own.id) SELECT id FROM own")
}
