-- +goose Up
-- create index "cloudspace_customer_id_name_id" to table: "cloud_spaces"
CREATE INDEX "cloudspace_customer_id_name_id" ON "cloud_spaces" ("customer_id", "name", "id");
-- create index "cloudspace_customer_id_created_at_id" to table: "cloud_spaces"
CREATE INDEX "cloudspace_customer_id_created_at_id" ON "cloud_spaces" ("customer_id", "created_at", "id");
-- create index "domain_customer_id_name_id" to table: "domains"
CREATE INDEX "domain_customer_id_name_id" ON "domains" ("customer_id", "name", "id");
-- create index "domain_customer_id_registered_at_id" to table: "domains"
CREATE INDEX "domain_customer_id_registered_at_id" ON "domains" ("customer_id", "registered_at", "id");
-- create index "job_customer_id_started_at_id" to table: "jobs"
CREATE INDEX "job_customer_id_started_at_id" ON "jobs" ("customer_id", "started_at", "id");
-- create index "job_user_id_started_at_id" to table: "jobs"
CREATE INDEX "job_user_id_started_at_id" ON "jobs" ("user_id", "started_at", "id");
-- create index "job_parent_id_started_at_id" to table: "jobs"
CREATE INDEX "job_parent_id_started_at_id" ON "jobs" ("parent_id", "started_at", "id");
-- create index "job_action_started_at_id" to table: "jobs"
CREATE INDEX "job_action_started_at_id" ON "jobs" ("action", "started_at", "id");
-- create index "job_status_started_at_id" to table: "jobs"
CREATE INDEX "job_status_started_at_id" ON "jobs" ("status", "started_at", "id") WHERE ((status)::text <> 'DONE'::text);
-- what these served, the new ones serve, or nothing asks for
DROP INDEX "job_customer_id_id";
DROP INDEX "job_user_id_id";
DROP INDEX "job_parent_id_id";
DROP INDEX "job_action_id";
DROP INDEX "job_status_id";
DROP INDEX "domain_registered_at_id";
DROP INDEX "cloudspace_name_id";
DROP INDEX "cloudspace_created_at_id";

-- +goose Down
CREATE INDEX "job_customer_id_id" ON "jobs" ("customer_id", "id");
CREATE INDEX "job_user_id_id" ON "jobs" ("user_id", "id");
CREATE INDEX "job_parent_id_id" ON "jobs" ("parent_id", "id");
CREATE INDEX "job_action_id" ON "jobs" ("action", "id");
CREATE INDEX "job_status_id" ON "jobs" ("status", "id") WHERE status <> 'DONE';
CREATE INDEX "domain_registered_at_id" ON "domains" ("registered_at", "id");
CREATE INDEX "cloudspace_name_id" ON "cloud_spaces" ("name", "id");
CREATE INDEX "cloudspace_created_at_id" ON "cloud_spaces" ("created_at", "id");
-- reverse: create index "job_status_started_at_id" to table: "jobs"
DROP INDEX "job_status_started_at_id";
-- reverse: create index "job_action_started_at_id" to table: "jobs"
DROP INDEX "job_action_started_at_id";
-- reverse: create index "job_parent_id_started_at_id" to table: "jobs"
DROP INDEX "job_parent_id_started_at_id";
-- reverse: create index "job_user_id_started_at_id" to table: "jobs"
DROP INDEX "job_user_id_started_at_id";
-- reverse: create index "job_customer_id_started_at_id" to table: "jobs"
DROP INDEX "job_customer_id_started_at_id";
-- reverse: create index "domain_customer_id_registered_at_id" to table: "domains"
DROP INDEX "domain_customer_id_registered_at_id";
-- reverse: create index "domain_customer_id_name_id" to table: "domains"
DROP INDEX "domain_customer_id_name_id";
-- reverse: create index "cloudspace_customer_id_created_at_id" to table: "cloud_spaces"
DROP INDEX "cloudspace_customer_id_created_at_id";
-- reverse: create index "cloudspace_customer_id_name_id" to table: "cloud_spaces"
DROP INDEX "cloudspace_customer_id_name_id";
