-- +goose Up
-- create index "customer_retention_policy_id_id" to table: "customers"
CREATE INDEX `customer_retention_policy_id_id` ON `customers` (`retention_policy_id`, `id`);
-- create index "job_unfinished" to table: "jobs"
CREATE INDEX `job_unfinished` ON `jobs` (`started_at`, `id`) WHERE ended_at IS NULL;

-- +goose Down
-- reverse: create index "job_unfinished" to table: "jobs"
DROP INDEX `job_unfinished`;
-- reverse: create index "customer_retention_policy_id_id" to table: "customers"
DROP INDEX `customer_retention_policy_id_id`;
