package main

import "testing"

// TestIndexesAreBuiltConcurrently: the indexes of new tables stay in the first file.
func TestIndexesAreBuiltConcurrently(t *testing.T) {
	within, without := concurrently(`-- +goose Up
-- create "sessions" table
CREATE TABLE "sessions" ("id" uuid NOT NULL, PRIMARY KEY ("id"));
-- create index "session_id" to table: "sessions"
CREATE INDEX "session_id" ON "sessions" ("id");
-- drop index "job_old" from table: "jobs"
DROP INDEX "job_old";
-- create index "job_new" to table: "jobs"
CREATE UNIQUE INDEX "job_new" ON "jobs" ("id");

-- +goose Down
-- reverse: create index "job_new" to table: "jobs"
DROP INDEX "job_new";
-- reverse: drop index "job_old" from table: "jobs"
CREATE INDEX "job_old" ON "jobs" ("action");
-- reverse: create index "session_id" to table: "sessions"
DROP INDEX "session_id";
-- reverse: create "sessions" table
DROP TABLE "sessions";
`)
	const wantWithin = `-- +goose Up
-- create "sessions" table
CREATE TABLE "sessions" ("id" uuid NOT NULL, PRIMARY KEY ("id"));
-- create index "session_id" to table: "sessions"
CREATE INDEX "session_id" ON "sessions" ("id");

-- +goose Down
-- reverse: create index "session_id" to table: "sessions"
DROP INDEX "session_id";
-- reverse: create "sessions" table
DROP TABLE "sessions";
`
	const wantWithout = `-- +goose NO TRANSACTION

-- +goose Up
SET lock_timeout = 0;
-- drop index "job_old" from table: "jobs"
DROP INDEX CONCURRENTLY IF EXISTS "job_old";
-- create index "job_new" to table: "jobs"
DROP INDEX CONCURRENTLY IF EXISTS "job_new";
CREATE UNIQUE INDEX CONCURRENTLY "job_new" ON "jobs" ("id");
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
-- reverse: create index "job_new" to table: "jobs"
DROP INDEX CONCURRENTLY IF EXISTS "job_new";
-- reverse: drop index "job_old" from table: "jobs"
DROP INDEX CONCURRENTLY IF EXISTS "job_old";
CREATE INDEX CONCURRENTLY "job_old" ON "jobs" ("action");
RESET lock_timeout;
`
	if within != wantWithin {
		t.Errorf("in a transaction:\n%s", within)
	}
	if without != wantWithout {
		t.Errorf("outside of one:\n%s", without)
	}
	if within, without := concurrently("-- +goose Up\nALTER TABLE \"jobs\" ADD COLUMN \"a\" text NULL;\n"); without != "" || within == "" {
		t.Errorf("without indexes: %q, %q", within, without)
	}
}
