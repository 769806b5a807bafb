// Package faults holds no code but tests, of the program as it is built: they
// run servers as processes of their own, on SQLite files and on real
// PostgreSQL servers, put load on them, and then something fails. What the
// clients were told is held against what the database holds afterwards.
//
//	make test          runs each test for a short time
//	make test-faults   runs each for a long time, and says what it counted;
//	                   seed=N repeats the choices of a run, run=NAME takes some
//
// # The ledger
//
// The load (load_test.go) is 32 connections that make changes by the old URLs
// and by GraphQL, most of them under an Idempotency-Key. Each change carries
// something that no other has: a random amount of 52 bits, a random name. The
// ledger (ledger_test.go) notes for each what its client knows:
//
//	acknowledged   the answer said that it was made: it is there, once
//	refused        the answer said that it was not, or nobody was there to
//	               take the request: it is not there
//	unknown        no answer, or one that leaves it open (503, 504): it is there
//	               once at most; sent again with its key, exactly once
//
// and is compared with the rows themselves, read past the server: those of the
// change and those of its job. As amounts are compared one by one and not as
// a sum, a lost change and a doubled one cannot cancel out.
//
// # Adding a test
//
// A test that fails something starts a world (world_test.go), which has a
// server, its database, an HTTP portal, a load and a ledger. It ends by
// settling the ledger, and logs what it did, counted, and the seed.
package faults
