-- +goose Up
-- create "access_tokens" table
CREATE TABLE `access_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL DEFAULT (''), `hash` blob NOT NULL, `expires_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `access_tokens_cloud_users_access_tokens` FOREIGN KEY (`user_id`) REFERENCES `cloud_users` (`id`) ON DELETE CASCADE);
-- create index "access_tokens_hash_key" to table: "access_tokens"
CREATE UNIQUE INDEX `access_tokens_hash_key` ON `access_tokens` (`hash`);
-- create index "accesstoken_user_id_id" to table: "access_tokens"
CREATE INDEX `accesstoken_user_id_id` ON `access_tokens` (`user_id`, `id`);
-- create index "accesstoken_expires_at" to table: "access_tokens"
CREATE INDEX `accesstoken_expires_at` ON `access_tokens` (`expires_at`);
-- create index "accesstoken_created_at_id" to table: "access_tokens"
CREATE INDEX `accesstoken_created_at_id` ON `access_tokens` (`created_at`, `id`);
-- create "capacity_units" table
CREATE TABLE `capacity_units` (`id` uuid NOT NULL, `version` uuid NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `type` text NOT NULL, `amount` integer NOT NULL, `name` text NOT NULL DEFAULT (''), `description` text NOT NULL DEFAULT (''), `customer_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `capacity_units_customers_capacity_units` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`) ON DELETE CASCADE, CONSTRAINT `capacity_unit_amount` CHECK (amount BETWEEN 1 AND 9007199254740991), CONSTRAINT `capacity_unit_kind` CHECK (kind IN ('AVAILABLE', 'CONSUMED')), CONSTRAINT `capacity_unit_type` CHECK (type IN ('CU', 'LV', 'MU', 'NBU', 'NUIPPORTS', 'NUM', 'SUA', 'SUP', 'WV')));
-- create index "capacityunit_customer_id_id" to table: "capacity_units"
CREATE INDEX `capacityunit_customer_id_id` ON `capacity_units` (`customer_id`, `id`);
-- create "cloud_spaces" table
CREATE TABLE `cloud_spaces` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `name` text NOT NULL, `description` text NOT NULL DEFAULT (''), `status` text NOT NULL DEFAULT ('ACTIVE'), `parent_id` uuid NULL, `customer_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `cloud_spaces_cloud_spaces_children` FOREIGN KEY (`parent_id`) REFERENCES `cloud_spaces` (`id`) ON DELETE NO ACTION, CONSTRAINT `cloud_spaces_customers_cloud_spaces` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`) ON DELETE CASCADE, CONSTRAINT `cloud_space_status` CHECK (status IN ('ACTIVE', 'DISABLED')));
-- create index "cloudspace_customer_id_id" to table: "cloud_spaces"
CREATE INDEX `cloudspace_customer_id_id` ON `cloud_spaces` (`customer_id`, `id`);
-- create index "cloudspace_parent_id_id" to table: "cloud_spaces"
CREATE INDEX `cloudspace_parent_id_id` ON `cloud_spaces` (`parent_id`, `id`);
-- create index "cloudspace_name_id" to table: "cloud_spaces"
CREATE INDEX `cloudspace_name_id` ON `cloud_spaces` (`name`, `id`);
-- create index "cloudspace_created_at_id" to table: "cloud_spaces"
CREATE INDEX `cloudspace_created_at_id` ON `cloud_spaces` (`created_at`, `id`);
-- create "cloud_users" table
CREATE TABLE `cloud_users` (`id` uuid NOT NULL, `version` uuid NOT NULL, `created_at` datetime NOT NULL, `login` text NOT NULL, `login_fold` text NOT NULL, `email` text NOT NULL DEFAULT (''), `first_name` text NOT NULL DEFAULT (''), `last_name` text NOT NULL DEFAULT (''), `role` text NOT NULL DEFAULT ('MEMBER'), `status` text NOT NULL DEFAULT ('ACTIVE'), `password_hash` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`), CONSTRAINT `cloud_user_role` CHECK (role IN ('ADMINISTRATOR', 'OPERATOR', 'MEMBER')), CONSTRAINT `cloud_user_status` CHECK (status IN ('ACTIVE', 'DISABLED')));
-- create index "cloud_users_login_fold_key" to table: "cloud_users"
CREATE UNIQUE INDEX `cloud_users_login_fold_key` ON `cloud_users` (`login_fold`);
-- create index "clouduser_login_id" to table: "cloud_users"
CREATE INDEX `clouduser_login_id` ON `cloud_users` (`login`, `id`);
-- create index "clouduser_created_at_id" to table: "cloud_users"
CREATE INDEX `clouduser_created_at_id` ON `cloud_users` (`created_at`, `id`);
-- create "cloud_user_groups" table
CREATE TABLE `cloud_user_groups` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `name` text NOT NULL, `description` text NOT NULL DEFAULT (''), PRIMARY KEY (`id`));
-- create index "cloudusergroup_name_id" to table: "cloud_user_groups"
CREATE INDEX `cloudusergroup_name_id` ON `cloud_user_groups` (`name`, `id`);
-- create index "cloudusergroup_created_at_id" to table: "cloud_user_groups"
CREATE INDEX `cloudusergroup_created_at_id` ON `cloud_user_groups` (`created_at`, `id`);
-- create "customers" table
CREATE TABLE `customers` (`id` uuid NOT NULL, `version` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL, `name_fold` text NOT NULL, `description` text NOT NULL DEFAULT (''), `address` text NOT NULL DEFAULT (''), `city` text NOT NULL DEFAULT (''), `country` text NOT NULL DEFAULT (''), `status` text NOT NULL DEFAULT ('CONFIGURED'), `resource_group_id` uuid NULL, `retention_policy_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `customer_name` CHECK (length(name) BETWEEN 1 AND 255), CONSTRAINT `customer_status` CHECK (status IN ('ACTIVE', 'CONFIGURED', 'DISABLED')));
-- create index "customer_name" to table: "customers"
CREATE INDEX `customer_name` ON `customers` (`name`);
-- create index "customer_name_fold_id" to table: "customers"
CREATE INDEX `customer_name_fold_id` ON `customers` (`name_fold`, `id`);
-- create index "customer_created_at_id" to table: "customers"
CREATE INDEX `customer_created_at_id` ON `customers` (`created_at`, `id`);
-- create index "customer_city_id" to table: "customers"
CREATE INDEX `customer_city_id` ON `customers` (`city`, `id`);
-- create index "customer_country_id" to table: "customers"
CREATE INDEX `customer_country_id` ON `customers` (`country`, `id`);
-- create index "customer_status_id" to table: "customers"
CREATE INDEX `customer_status_id` ON `customers` (`status`, `id`);
-- create index "customer_resource_group_id_id" to table: "customers"
CREATE INDEX `customer_resource_group_id_id` ON `customers` (`resource_group_id`, `id`);
-- create "domains" table
CREATE TABLE `domains` (`id` uuid NOT NULL, `name` text NOT NULL, `registered_at` datetime NOT NULL, `portal_username` text NOT NULL, `customer_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `domains_customers_domains` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`) ON DELETE CASCADE);
-- create index "domains_name_key" to table: "domains"
CREATE UNIQUE INDEX `domains_name_key` ON `domains` (`name`);
-- create index "domain_customer_id_id" to table: "domains"
CREATE INDEX `domain_customer_id_id` ON `domains` (`customer_id`, `id`);
-- create index "domain_registered_at_id" to table: "domains"
CREATE INDEX `domain_registered_at_id` ON `domains` (`registered_at`, `id`);
-- create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `user_id` uuid NOT NULL, `key` text NOT NULL, `request_hash` blob NOT NULL, `answer` blob NULL, PRIMARY KEY (`id`));
-- create index "idempotencykey_user_id_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX `idempotencykey_user_id_key` ON `idempotency_keys` (`user_id`, `key`);
-- create index "idempotencykey_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotencykey_created_at` ON `idempotency_keys` (`created_at`);
-- create "jobs" table
CREATE TABLE `jobs` (`id` uuid NOT NULL, `action` text NOT NULL, `status` text NOT NULL, `name` text NOT NULL DEFAULT (''), `description` text NOT NULL DEFAULT (''), `parameters` json NULL, `result` json NULL, `error` text NOT NULL DEFAULT (''), `user_error_message` text NOT NULL DEFAULT (''), `internal_error_message` text NOT NULL DEFAULT (''), `started_at` datetime NOT NULL, `ended_at` datetime NULL, `user_login` text NOT NULL DEFAULT (''), `lease_owner` uuid NULL, `lease_until` datetime NULL, `attempts` integer NOT NULL DEFAULT (0), `deadline` datetime NULL, `sealed` blob NULL, `customer_id` uuid NULL, `user_id` uuid NULL, `parent_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `job_status` CHECK (status IN ('WAITING', 'RUNNING', 'DONE', 'ERROR')));
-- create index "job_customer_id_id" to table: "jobs"
CREATE INDEX `job_customer_id_id` ON `jobs` (`customer_id`, `id`);
-- create index "job_user_id_id" to table: "jobs"
CREATE INDEX `job_user_id_id` ON `jobs` (`user_id`, `id`);
-- create index "job_parent_id_id" to table: "jobs"
CREATE INDEX `job_parent_id_id` ON `jobs` (`parent_id`, `id`);
-- create index "job_action_id" to table: "jobs"
CREATE INDEX `job_action_id` ON `jobs` (`action`, `id`);
-- create index "job_started_at_id" to table: "jobs"
CREATE INDEX `job_started_at_id` ON `jobs` (`started_at`, `id`);
-- create index "job_status_id" to table: "jobs"
CREATE INDEX `job_status_id` ON `jobs` (`status`, `id`) WHERE status <> 'DONE';
-- create "portal_accounts" table
CREATE TABLE `portal_accounts` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `username` text NOT NULL, `password_hash` text NOT NULL, PRIMARY KEY (`id`));
-- create index "portal_accounts_username_key" to table: "portal_accounts"
CREATE UNIQUE INDEX `portal_accounts_username_key` ON `portal_accounts` (`username`);
-- create index "portalaccount_created_at_id" to table: "portal_accounts"
CREATE INDEX `portalaccount_created_at_id` ON `portal_accounts` (`created_at`, `id`);
-- create "server_keys" table
CREATE TABLE `server_keys` (`id` text NOT NULL, `value` blob NOT NULL, PRIMARY KEY (`id`));
-- create "cloud_user_group_users" table
CREATE TABLE `cloud_user_group_users` (`cloud_user_group_id` uuid NOT NULL, `cloud_user_id` uuid NOT NULL, PRIMARY KEY (`cloud_user_group_id`, `cloud_user_id`), CONSTRAINT `cloud_user_group_users_cloud_user_group_id` FOREIGN KEY (`cloud_user_group_id`) REFERENCES `cloud_user_groups` (`id`) ON DELETE CASCADE, CONSTRAINT `cloud_user_group_users_cloud_user_id` FOREIGN KEY (`cloud_user_id`) REFERENCES `cloud_users` (`id`) ON DELETE CASCADE);
-- create "customer_cloud_user_groups" table
CREATE TABLE `customer_cloud_user_groups` (`customer_id` uuid NOT NULL, `cloud_user_group_id` uuid NOT NULL, PRIMARY KEY (`customer_id`, `cloud_user_group_id`), CONSTRAINT `customer_cloud_user_groups_customer_id` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`) ON DELETE CASCADE, CONSTRAINT `customer_cloud_user_groups_cloud_user_group_id` FOREIGN KEY (`cloud_user_group_id`) REFERENCES `cloud_user_groups` (`id`) ON DELETE CASCADE);

-- +goose Down
-- reverse: create "customer_cloud_user_groups" table
DROP TABLE `customer_cloud_user_groups`;
-- reverse: create "cloud_user_group_users" table
DROP TABLE `cloud_user_group_users`;
-- reverse: create "server_keys" table
DROP TABLE `server_keys`;
-- reverse: create index "portalaccount_created_at_id" to table: "portal_accounts"
DROP INDEX `portalaccount_created_at_id`;
-- reverse: create index "portal_accounts_username_key" to table: "portal_accounts"
DROP INDEX `portal_accounts_username_key`;
-- reverse: create "portal_accounts" table
DROP TABLE `portal_accounts`;
-- reverse: create index "job_status_id" to table: "jobs"
DROP INDEX `job_status_id`;
-- reverse: create index "job_started_at_id" to table: "jobs"
DROP INDEX `job_started_at_id`;
-- reverse: create index "job_action_id" to table: "jobs"
DROP INDEX `job_action_id`;
-- reverse: create index "job_parent_id_id" to table: "jobs"
DROP INDEX `job_parent_id_id`;
-- reverse: create index "job_user_id_id" to table: "jobs"
DROP INDEX `job_user_id_id`;
-- reverse: create index "job_customer_id_id" to table: "jobs"
DROP INDEX `job_customer_id_id`;
-- reverse: create "jobs" table
DROP TABLE `jobs`;
-- reverse: create index "idempotencykey_created_at" to table: "idempotency_keys"
DROP INDEX `idempotencykey_created_at`;
-- reverse: create index "idempotencykey_user_id_key" to table: "idempotency_keys"
DROP INDEX `idempotencykey_user_id_key`;
-- reverse: create "idempotency_keys" table
DROP TABLE `idempotency_keys`;
-- reverse: create index "domain_registered_at_id" to table: "domains"
DROP INDEX `domain_registered_at_id`;
-- reverse: create index "domain_customer_id_id" to table: "domains"
DROP INDEX `domain_customer_id_id`;
-- reverse: create index "domains_name_key" to table: "domains"
DROP INDEX `domains_name_key`;
-- reverse: create "domains" table
DROP TABLE `domains`;
-- reverse: create index "customer_resource_group_id_id" to table: "customers"
DROP INDEX `customer_resource_group_id_id`;
-- reverse: create index "customer_status_id" to table: "customers"
DROP INDEX `customer_status_id`;
-- reverse: create index "customer_country_id" to table: "customers"
DROP INDEX `customer_country_id`;
-- reverse: create index "customer_city_id" to table: "customers"
DROP INDEX `customer_city_id`;
-- reverse: create index "customer_created_at_id" to table: "customers"
DROP INDEX `customer_created_at_id`;
-- reverse: create index "customer_name_fold_id" to table: "customers"
DROP INDEX `customer_name_fold_id`;
-- reverse: create index "customer_name" to table: "customers"
DROP INDEX `customer_name`;
-- reverse: create "customers" table
DROP TABLE `customers`;
-- reverse: create index "cloudusergroup_created_at_id" to table: "cloud_user_groups"
DROP INDEX `cloudusergroup_created_at_id`;
-- reverse: create index "cloudusergroup_name_id" to table: "cloud_user_groups"
DROP INDEX `cloudusergroup_name_id`;
-- reverse: create "cloud_user_groups" table
DROP TABLE `cloud_user_groups`;
-- reverse: create index "clouduser_created_at_id" to table: "cloud_users"
DROP INDEX `clouduser_created_at_id`;
-- reverse: create index "clouduser_login_id" to table: "cloud_users"
DROP INDEX `clouduser_login_id`;
-- reverse: create index "cloud_users_login_fold_key" to table: "cloud_users"
DROP INDEX `cloud_users_login_fold_key`;
-- reverse: create "cloud_users" table
DROP TABLE `cloud_users`;
-- reverse: create index "cloudspace_created_at_id" to table: "cloud_spaces"
DROP INDEX `cloudspace_created_at_id`;
-- reverse: create index "cloudspace_name_id" to table: "cloud_spaces"
DROP INDEX `cloudspace_name_id`;
-- reverse: create index "cloudspace_parent_id_id" to table: "cloud_spaces"
DROP INDEX `cloudspace_parent_id_id`;
-- reverse: create index "cloudspace_customer_id_id" to table: "cloud_spaces"
DROP INDEX `cloudspace_customer_id_id`;
-- reverse: create "cloud_spaces" table
DROP TABLE `cloud_spaces`;
-- reverse: create index "capacityunit_customer_id_id" to table: "capacity_units"
DROP INDEX `capacityunit_customer_id_id`;
-- reverse: create "capacity_units" table
DROP TABLE `capacity_units`;
-- reverse: create index "accesstoken_created_at_id" to table: "access_tokens"
DROP INDEX `accesstoken_created_at_id`;
-- reverse: create index "accesstoken_expires_at" to table: "access_tokens"
DROP INDEX `accesstoken_expires_at`;
-- reverse: create index "accesstoken_user_id_id" to table: "access_tokens"
DROP INDEX `accesstoken_user_id_id`;
-- reverse: create index "access_tokens_hash_key" to table: "access_tokens"
DROP INDEX `access_tokens_hash_key`;
-- reverse: create "access_tokens" table
DROP TABLE `access_tokens`;
