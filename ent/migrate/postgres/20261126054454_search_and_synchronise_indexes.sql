-- +goose NO TRANSACTION

-- +goose Up
SET lock_timeout = 0;
-- create index "cloudspace_name_fold_id" to table: "cloud_spaces"
DROP INDEX CONCURRENTLY IF EXISTS "cloudspace_name_fold_id";
CREATE INDEX CONCURRENTLY "cloudspace_name_fold_id" ON "cloud_spaces" ("name_fold", "id");
-- create index "cloudusergroup_name_fold_id" to table: "cloud_user_groups"
DROP INDEX CONCURRENTLY IF EXISTS "cloudusergroup_name_fold_id";
CREATE INDEX CONCURRENTLY "cloudusergroup_name_fold_id" ON "cloud_user_groups" ("name_fold", "id");
-- create index "clouduser_name_fold_id" to table: "cloud_users"
DROP INDEX CONCURRENTLY IF EXISTS "clouduser_name_fold_id";
CREATE INDEX CONCURRENTLY "clouduser_name_fold_id" ON "cloud_users" ("name_fold", "id");
-- create index "customer_updated_at_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_updated_at_id";
CREATE INDEX CONCURRENTLY "customer_updated_at_id" ON "customers" ("updated_at", "id");
-- create index "customer_city_fold_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_city_fold_id";
CREATE INDEX CONCURRENTLY "customer_city_fold_id" ON "customers" ("city_fold", "id");
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
-- reverse: create index "customer_city_fold_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_city_fold_id";
-- reverse: create index "customer_updated_at_id" to table: "customers"
DROP INDEX CONCURRENTLY IF EXISTS "customer_updated_at_id";
-- reverse: create index "clouduser_name_fold_id" to table: "cloud_users"
DROP INDEX CONCURRENTLY IF EXISTS "clouduser_name_fold_id";
-- reverse: create index "cloudusergroup_name_fold_id" to table: "cloud_user_groups"
DROP INDEX CONCURRENTLY IF EXISTS "cloudusergroup_name_fold_id";
-- reverse: create index "cloudspace_name_fold_id" to table: "cloud_spaces"
DROP INDEX CONCURRENTLY IF EXISTS "cloudspace_name_fold_id";
RESET lock_timeout;
