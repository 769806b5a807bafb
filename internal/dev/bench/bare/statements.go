package bare

// A customer with everything nested, as one JSON object. Nested lists are not limited and times have PostgreSQL's format,
// which is the cheapest way.
const object = `json_build_object(
	'id', c.id, 'version', c.version, 'createdAt', c.created_at, 'updatedAt', c.updated_at, 'name', c.name,
	'description', c.description, 'address', c.address, 'city', c.city, 'country', c.country, 'status', c.status,
	'resourceGroupId', c.resource_group_id,
	'capacityAvailable', (
		SELECT coalesce(json_agg(json_build_object('id', u.id, 'type', u.type, 'amount', u.amount, 'name', u.name, 'description', u.description) ORDER BY u.id), '[]')
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'AVAILABLE'),
	'capacityConsumed', (
		SELECT coalesce(json_agg(json_build_object('id', u.id, 'type', u.type, 'amount', u.amount, 'name', u.name, 'description', u.description) ORDER BY u.id), '[]')
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'CONSUMED'),
	'domains', json_build_object('nodes', (
		SELECT coalesce(json_agg(json_build_object('id', d.id, 'name', d.name, 'registeredAt', d.registered_at, 'portalUsername', d.portal_username) ORDER BY d.id), '[]')
		FROM domains d WHERE d.customer_id = c.id)),
	'cloudUserGroups', json_build_object('nodes', (
		SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name, 'description', g.description,
			'users', json_build_object('nodes', (
				SELECT coalesce(json_agg(json_build_object('id', p.id, 'login', p.login, 'email', p.email,
					'firstName', p.first_name, 'lastName', p.last_name, 'role', p.role, 'status', p.status) ORDER BY p.id), '[]')
				FROM cloud_user_group_users m JOIN cloud_users p ON p.id = m.cloud_user_id WHERE m.cloud_user_group_id = g.id))) ORDER BY g.id), '[]')
		FROM customer_cloud_user_groups l JOIN cloud_user_groups g ON g.id = l.cloud_user_group_id WHERE l.customer_id = c.id)),
	'cloudSpaces', json_build_object('nodes', (
		SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'description', s.description, 'status', s.status) ORDER BY s.id), '[]')
		FROM cloud_spaces s WHERE s.customer_id = c.id)))`

const one = `SELECT ` + object + ` FROM customers c WHERE c.id = $1`

// A page reads one customer more than it returns, which shows whether another page follows. The last columns are the start
// of the next page.
func page(order, where string) string {
	return `SELECT coalesce(json_agg(x.object ORDER BY x.n) FILTER (WHERE x.n <= 50), '[]'), count(*) > 50,
			(array_agg(x.id ORDER BY x.n DESC) FILTER (WHERE x.n <= 50))[1], (array_agg(x.name_fold ORDER BY x.n DESC) FILTER (WHERE x.n <= 50))[1]
		FROM (SELECT c.id, c.name_fold, row_number() OVER (ORDER BY ` + order + `) AS n, ` + object + ` AS object
			FROM customers c ` + where + ` ORDER BY ` + order + ` LIMIT 51) x`
}

const capacity = `SELECT json_build_object('jobguid', NULL, 'result', json_build_array(json_build_object('customerguid', c.id,
	'capacityavailable', (
		SELECT coalesce(json_agg(json_build_object('amount', u.amount, 'capacityunittype', u.type, 'name', u.name, 'description', u.description) ORDER BY u.id), '[]')
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'AVAILABLE'),
	'capacityconsumed', (
		SELECT coalesce(json_agg(json_build_object('amount', u.amount, 'capacityunittype', u.type, 'name', u.name, 'description', u.description) ORDER BY u.id), '[]')
		FROM capacity_units u WHERE u.customer_id = c.id AND u.kind = 'CONSUMED'))))
	FROM customers c WHERE c.id = $1`

// The statements for adding capacity, in one transaction.
const (
	touch     = `UPDATE customers SET version = $2, updated_at = $3 WHERE id = $1`
	addUnit   = `INSERT INTO capacity_units (id, version, created_at, kind, type, amount, name, customer_id) VALUES ($1, $2, $3, 'AVAILABLE', $4, $5, $6, $7)`
	recordJob = `INSERT INTO jobs (id, action, status, parameters, started_at, ended_at, user_login, customer_id) VALUES ($1, 'addCapacityAvailable', 'DONE', $2, $3, $4, 'bare', $5)`
)
