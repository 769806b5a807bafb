package rule

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/predicate"
)

// memberOf selects the groups that a user belongs to: the groups that list the user as a member, and the groups that contain
// those, at any depth. No other code defines membership for rights.
func memberOf(userID uuid.UUID) predicate.CloudUserGroup {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(cloudusergroup.FieldID))
			if b.Dialect() == dialect.Postgres {
				// PostgreSQL evaluates the array once for the statement and finds the rows by an index. It would plan a
				// condition with IN for any number of groups.
				b.WriteString(" = ANY(ARRAY").Wrap(func(b *sql.Builder) { groupsOf(b, userID) }).WriteString(")")
				return
			}
			b.WriteString(" IN ").Wrap(func(b *sql.Builder) { groupsOf(b, userID) })
		}))
	}
}

// groupsOf writes the query for the guids. UNION makes it end even if groups contain each other in a circle.
func groupsOf(b *sql.Builder, userID uuid.UUID) {
	users, members := cloudusergroup.UsersPrimaryKey, cloudusergroup.GroupsPrimaryKey
	b.WriteString("WITH RECURSIVE own(id) AS (SELECT ").Ident(users[0]).WriteString(" FROM ").Ident(cloudusergroup.UsersTable).
		WriteString(" WHERE ").Ident(users[1]).WriteString(" = ").Arg(userID).
		WriteString(" UNION SELECT m.").Ident(members[0]).WriteString(" FROM ").Ident(cloudusergroup.GroupsTable).
		WriteString(" AS m JOIN own ON m.").Ident(members[1]).WriteString(" = own.id) SELECT id FROM own")
}
