// Package fastread answers nested reads with one SQL statement for each root field. A row is one object of the answer; the server
// writes JSON while the rows arrive. The package is an extension of gqlgen's executor, before the resolvers of Query. The ordinary
// path answers what it does not cover, and reports all errors of requests. Property tests compare both paths, on both databases.
//
// A worked example. The query
//
//	query ($id: ID!) { customer(id: $id) { name domains { nodes { name } } } }
//
// is compiled (compile.go, connection.go, capacity.go, serialized.go) to a plan (plan.go): the levels of its rows, and the steps that
// write the answer.
//
//	level 0, Customer  steps: {"name": ‹text 0› ,"domains":{"nodes": ‹list of level 1› }}
//	level 1, Domain    steps: {"name": ‹text 0› }; rows of customer_id = the row above, by id, at most 50
//
// A plan depends on the role of the viewer and on the conditions of filters. Guids, cursors, the values of filters and the viewer's
// guid are parameters (param.go). Plans are cached by operation (plans.go, shape.go). On PostgreSQL (postgres.go) the statement
// returns each row followed by its rows of the lower levels:
//
//	(SELECT x.* FROM (SELECT t0.id, t0.name FROM customers AS t0 WHERE t0.id = $1) AS t0
//	 CROSS JOIN LATERAL (
//	   SELECT 0, t0.id, t0.name::text
//	   UNION ALL (SELECT 1, NULL::uuid, t1.name::text FROM domains AS t1 WHERE t1.customer_id = t0.id ORDER BY t1.id LIMIT 50)
//	 ) AS x)
//
// A row has the number of its level, then a slot for each guid and each text that the widest row needs:
//
//	0 | 0190f3a2-… | Example & Sons
//	1 |            | example.com
//	1 |            | example.org
//
// SQLite has no LATERAL. Its statement (sqlite.go) returns the rows level by level, each with the key of the row above; merge.go
// brings them into the same order.
//
// The writer (write.go, position.go, json.go) executes the steps while it reads the rows:
//
//	{"name":"Example & Sons","domains":{"nodes":[{"name":"example.com"},{"name":"example.org"}]}}
//
// Simultaneous requests for objects of one plan share a statement for all of their guids (PostgreSQL); those for the same page share
// a statement on both databases (share.go).
//
// Reading order: read.go, compile.go, plan.go, postgres.go, write.go; the other files as they are called.
package fastread
