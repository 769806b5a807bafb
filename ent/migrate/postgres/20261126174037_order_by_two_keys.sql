-- +compatible
-- +goose NO TRANSACTION

-- +goose Up
SET lock_timeout = 0;
-- create index "customer_status_name_fold_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_status_name_fold_id";
CREATE INDEX CONCURRENTLY "customer_status_name_fold_id" ON "customers" ("status", "name_fold", "id");
-- create index "customer_status_created_at_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_status_created_at_id";
CREATE INDEX CONCURRENTLY "customer_status_created_at_id" ON "customers" ("status", "created_at", "id");
-- create index "customer_country_name_fold_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_country_name_fold_id";
CREATE INDEX CONCURRENTLY "customer_country_name_fold_id" ON "customers" ("country", "name_fold", "id");
-- create index "customer_country_created_at_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_country_created_at_id";
CREATE INDEX CONCURRENTLY "customer_country_created_at_id" ON "customers" ("country", "created_at", "id");
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
-- reverse: create index "customer_country_created_at_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_country_created_at_id";
-- reverse: create index "customer_country_name_fold_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_country_name_fold_id";
-- reverse: create index "customer_status_created_at_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_status_created_at_id";
-- reverse: create index "customer_status_name_fold_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_status_name_fold_id";
RESET lock_timeout;
