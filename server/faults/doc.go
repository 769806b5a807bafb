// Package faults has only tests, of the built program: they run servers as separate processes, on SQLite files and on real
// PostgreSQL servers, generate load, and then make something fail. They compare what the clients were told with the database
// afterwards.
//
//	make test          runs each test for a short time
//	make test-faults   runs each for a long time, and prints what it counted;
//	                   seed=N repeats the choices of a run, run=NAME selects tests
//
// # The ledger
//
// The load (load_test.go) is 32 connections that make changes by old URLs and by GraphQL, most of them with an
// Idempotency-Key. Each change contains something unique: a random amount of 52 bits, or a random name. The ledger
// (ledger_test.go) records for each change what its client knows:
//
//	acknowledged   the answer reported success: the change exists, once
//	refused        the answer reported a failure, or no server accepted the
//	               request: the change does not exist
//	unknown        no answer, or one that leaves it open (503, 504): the change
//	               exists at most once; after sending it again with its key,
//	               exactly once
//
// The ledger is compared with the rows, read from the database directly: those of the change and those of its job. Amounts
// are compared one by one and not as a sum, so that a lost change and a doubled one cannot cancel out.
//
// # Adding a test
//
// A test that makes something fail starts a world (world_test.go), which has a server, its database, an HTTP portal, a load
// and a ledger. It ends by settling the ledger, and logs what it did, the counts, and the seed.
package faults
