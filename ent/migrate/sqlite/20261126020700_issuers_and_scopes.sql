-- Columns are added one by one: making cloud_users anew would delete what refers to it.

-- +goose Up
ALTER TABLE `access_tokens` ADD COLUMN `scope` text NOT NULL DEFAULT 'FULL';
ALTER TABLE `access_tokens` ADD COLUMN `last_used_at` datetime NULL;
ALTER TABLE `cloud_users` ADD COLUMN `issuer` text NULL;
ALTER TABLE `cloud_users` ADD COLUMN `subject` text NULL;
ALTER TABLE `cloud_users` ADD COLUMN `role_stated_at` datetime NULL;
ALTER TABLE `cloud_users` ADD COLUMN `role_valid_until` datetime NULL;
CREATE UNIQUE INDEX `clouduser_issuer_subject` ON `cloud_users` (`issuer`, `subject`);
-- kept answers were not sealed, and may contain tokens
DELETE FROM `idempotency_keys`;

-- +goose Down
DROP INDEX `clouduser_issuer_subject`;
ALTER TABLE `cloud_users` DROP COLUMN `role_valid_until`;
ALTER TABLE `cloud_users` DROP COLUMN `role_stated_at`;
ALTER TABLE `cloud_users` DROP COLUMN `subject`;
ALTER TABLE `cloud_users` DROP COLUMN `issuer`;
ALTER TABLE `access_tokens` DROP COLUMN `last_used_at`;
ALTER TABLE `access_tokens` DROP COLUMN `scope`;
