// Package fastread answers nested reads with one SQL statement for each root
// field: a row for each object, written as JSON in the order of the selection. It
// stands before the resolvers of Query. The ordinary path answers what it does not
// cover, and reports everything that is wrong with a request; property tests hold
// the two to the same answers, on both databases.
//
// A worked example. The query
//
//	query ($id: ID!) { customer(id: $id) { name domains { nodes { name } } } }
//
// is compiled (compile.go, connection.go, capacity.go, serialized.go) to a plan
// (plan.go): the levels of its rows, and the steps that write the answer.
//
//	level 0, Customer  steps: {"name": ‹text 0› ,"domains":{"nodes": ‹list of level 1› }}
//	level 1, Domain    steps: {"name": ‹text 0› }; rows of customer_id = the row above, by id, at most 50
//
// A plan depends on the role of the viewer and on which conditions a filter has.
// Guids, cursors, the values of filters and the viewer are parameters (param.go).
// Plans are cached with the operation (plans.go, shape.go). A generator writes the
// SQL. On PostgreSQL (postgres.go) the rows of an object follow it:
//
//	(SELECT x.* FROM (SELECT t0.id, t0.name FROM customers AS t0 WHERE t0.id = $1) AS t0
//	 CROSS JOIN LATERAL (
//	   SELECT 0, t0.id, t0.name::text
//	   UNION ALL (SELECT 1, NULL::uuid, t1.name::text FROM domains AS t1 WHERE t1.customer_id = t0.id ORDER BY t1.id LIMIT 50)
//	 ) AS x)
//
// Each row has its level, then a slot for each guid and text that the widest row
// needs:
//
//	0 | 0190f3a2-… | Example & Sons
//	1 |            | example.com
//	1 |            | example.org
//
// SQLite has no LATERAL. Its statement (sqlite.go) has the rows of all levels, one
// level after the other, each with the key of the row above; merge.go brings them
// into the same order.
//
// The writer (write.go, position.go, json.go) runs the steps while it reads the
// rows:
//
//	{"name":"Example & Sons","domains":{"nodes":[{"name":"example.com"},{"name":"example.org"}]}}
//
// On PostgreSQL simultaneous requests for objects of one plan share a statement
// for all of their guids; on both databases requests for the same page do
// (share.go).
package fastread
