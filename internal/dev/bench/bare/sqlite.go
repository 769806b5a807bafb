package bare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
)

// liteObject is object in SQLite's SQL, where an array from a subquery is text until the function json parses it.
const liteObject = `json_object(
	'id', c.id, 'version', c.version, 'createdAt', replace(c.created_at, ' ', 'T'), 'updatedAt', replace(c.updated_at, ' ', 'T'), 'name', c.name,
	'description', c.description, 'address', c.address, 'city', c.city, 'country', c.country, 'status', c.status,
	'resourceGroupId', c.resource_group_id,
	'capacityAvailable', json((
		SELECT json_group_array(json_object('id', u.id, 'type', u.type, 'amount', u.amount, 'name', u.name, 'description', u.description) ORDER BY u.id)
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'AVAILABLE')),
	'capacityConsumed', json((
		SELECT json_group_array(json_object('id', u.id, 'type', u.type, 'amount', u.amount, 'name', u.name, 'description', u.description) ORDER BY u.id)
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'CONSUMED')),
	'domains', json_object('nodes', json((
		SELECT json_group_array(json_object('id', d.id, 'name', d.name, 'registeredAt', replace(d.registered_at, ' ', 'T'), 'portalUsername', d.portal_username) ORDER BY d.id)
		FROM domains d WHERE d.customer_id = c.id))),
	'cloudUserGroups', json_object('nodes', json((
		SELECT json_group_array(json_object('id', g.id, 'name', g.name, 'description', g.description,
			'users', json_object('nodes', json((
				SELECT json_group_array(json_object('id', p.id, 'login', p.login, 'email', p.email,
					'firstName', p.first_name, 'lastName', p.last_name, 'role', p.role, 'status', p.status) ORDER BY p.id)
				FROM cloud_user_group_users m JOIN cloud_users p ON p.id = m.cloud_user_id WHERE m.cloud_user_group_id = g.id)))) ORDER BY g.id)
		FROM customer_cloud_user_groups l JOIN cloud_user_groups g ON g.id = l.cloud_user_group_id WHERE l.customer_id = c.id))),
	'cloudSpaces', json_object('nodes', json((
		SELECT json_group_array(json_object('id', s.id, 'name', s.name, 'description', s.description, 'status', s.status) ORDER BY s.id)
		FROM cloud_spaces s WHERE s.customer_id = c.id))))`

const liteCapacity = `SELECT json_object('jobguid', NULL, 'result', json_array(json_object('customerguid', c.id,
	'capacityavailable', json((
		SELECT json_group_array(json_object('amount', u.amount, 'capacityunittype', u.type, 'name', u.name, 'description', u.description) ORDER BY u.id)
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'AVAILABLE')),
	'capacityconsumed', json((
		SELECT json_group_array(json_object('amount', u.amount, 'capacityunittype', u.type, 'name', u.name, 'description', u.description) ORDER BY u.id)
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'CONSUMED')))))
	FROM customers c WHERE c.id = ?`

// liteStatements are the statements of the reads for SQLite, in the order of the indexes.
func liteStatements() []string {
	page := func(order, where string) string {
		return "SELECT c.id, c.name_fold, " + liteObject + " FROM customers c " + where + " ORDER BY " + order + " LIMIT 51"
	}
	return []string{
		"SELECT " + liteObject + " FROM customers c WHERE c.id = ?", page("c.id", ""), page("c.id", "WHERE c.id > ?"),
		page("c.name_fold, c.id", ""), page("c.name_fold, c.id", "WHERE (c.name_fold, c.id) > (?, ?)"), liteCapacity,
	}
}

// NewLite prepares the read-only statements for an SQLite database.
func NewLite(ctx context.Context, db *sql.DB) (*Handler, error) {
	return prepare(ctx, db, liteStatements(), true)
}

// litePage returns a page's answer, from one row for each customer.
func litePage(ctx context.Context, prepared *sql.Stmt, named bool, args ...any) (_ []byte, err error) {
	rows, err := prepared.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out, n := []byte(`{"data":{"customers":{"nodes":[`), 0
	var id, name string
	var object sql.RawBytes
	end := "null"
	for ; rows.Next(); n++ {
		if n == 50 {
			continue // another page follows
		}
		if err := rows.Scan(&id, &name, &object); err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, ',')
		}
		out = append(out, object...)
	}
	if n > 0 {
		if end, err = position(id, name, named); err != nil {
			return nil, err
		}
	}
	return fmt.Appendf(out, `],"pageInfo":{"hasNextPage":%t,"endCursor":%s}}}}`, n > 50, end), rows.Err()
}

// pageOf answers with a page, the first one without arguments.
func (h *Handler) pageOf(r *http.Request, first, later int, named bool, args ...any) ([]byte, error) {
	at := later
	if len(args) == 0 {
		at = first
	}
	if h.lite {
		return litePage(r.Context(), h.prepared[at], named, args...)
	}
	return connection(h.prepared[at].QueryRowContext(r.Context(), args...), named)
}
