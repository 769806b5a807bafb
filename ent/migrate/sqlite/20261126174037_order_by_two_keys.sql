-- +compatible
-- +goose Up
-- create index "customer_status_name_fold_id" to table: "customers"
CREATE INDEX `customer_status_name_fold_id` ON `customers` (`status`, `name_fold`, `id`);
-- create index "customer_status_created_at_id" to table: "customers"
CREATE INDEX `customer_status_created_at_id` ON `customers` (`status`, `created_at`, `id`);
-- create index "customer_country_name_fold_id" to table: "customers"
CREATE INDEX `customer_country_name_fold_id` ON `customers` (`country`, `name_fold`, `id`);
-- create index "customer_country_created_at_id" to table: "customers"
CREATE INDEX `customer_country_created_at_id` ON `customers` (`country`, `created_at`, `id`);

-- +goose Down
-- reverse: create index "customer_country_created_at_id" to table: "customers"
DROP INDEX `customer_country_created_at_id`;
-- reverse: create index "customer_country_name_fold_id" to table: "customers"
DROP INDEX `customer_country_name_fold_id`;
-- reverse: create index "customer_status_created_at_id" to table: "customers"
DROP INDEX `customer_status_created_at_id`;
-- reverse: create index "customer_status_name_fold_id" to table: "customers"
DROP INDEX `customer_status_name_fold_id`;
