-- +goose NO TRANSACTION

-- +goose Up
SET lock_timeout = 0;
-- create index "capacityunit_customer_id_place_id" to table: "capacity_units"
DROP INDEX CONCURRENTLY IF EXISTS "capacityunit_customer_id_place_id";
CREATE INDEX CONCURRENTLY "capacityunit_customer_id_place_id" ON "capacity_units" ("customer_id", "place", "id");
DROP INDEX CONCURRENTLY IF EXISTS "capacityunit_customer_id_id";
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "capacityunit_customer_id_id";
CREATE INDEX CONCURRENTLY "capacityunit_customer_id_id" ON "capacity_units" ("customer_id", "id");
-- reverse: create index "capacityunit_customer_id_place_id" to table: "capacity_units"
DROP INDEX CONCURRENTLY IF EXISTS "capacityunit_customer_id_place_id";
RESET lock_timeout;
