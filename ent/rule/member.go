package rule

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/predicate"
)

// memberOf narrows groups to those that a user belongs to: the groups it is in,
// and the groups that those are members of, at any depth. It is the one place
// that says what membership means for rights.
func memberOf(userID uuid.UUID) predicate.CloudUserGroup {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(cloudusergroup.FieldID))
			if b.Dialect() == dialect.Postgres {
				// An array is made once for the statement, and an index finds the
				// rows for it; a condition IN would be planned for any number of
				// groups.
				b.WriteString(" = ANY(ARRAY").Wrap(func(b *sql.Builder) { groupsOf(b, userID) }).WriteString(")")
				return
			}
			b.WriteString(" IN ").Wrap(func(b *sql.Builder) { groupsOf(b, userID) })
		}))
	}
}

// groupsOf writes the query of the guids. UNION ends it even if there were a
// circle of groups.
func groupsOf(b *sql.Builder, userID uuid.UUID) {
	users, members := cloudusergroup.UsersPrimaryKey, cloudusergroup.GroupsPrimaryKey
	b.WriteString("WITH RECURSIVE own(id) AS (SELECT ").Ident(users[0]).WriteString(" FROM ").Ident(cloudusergroup.UsersTable).
		WriteString(" WHERE ").Ident(users[1]).WriteString(" = ").Arg(userID).
		WriteString(" UNION SELECT m.").Ident(members[0]).WriteString(" FROM ").Ident(cloudusergroup.GroupsTable).
		WriteString(" AS m JOIN own ON m.").Ident(members[1]).WriteString(" = own.id) SELECT id FROM own")
}
