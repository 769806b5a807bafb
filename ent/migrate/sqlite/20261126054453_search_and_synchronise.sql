-- Texts with their case folded, for filters that ignore case. The server fills them when it starts (server/api/fold.go).

-- +goose Up
ALTER TABLE `customers` ADD COLUMN `city_fold` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `name_fold` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `email_fold` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_user_groups` ADD COLUMN `name_fold` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_spaces` ADD COLUMN `name_fold` text NOT NULL DEFAULT ('');
CREATE INDEX `customer_updated_at_id` ON `customers` (`updated_at`, `id`);
CREATE INDEX `customer_city_fold_id` ON `customers` (`city_fold`, `id`);
CREATE INDEX `clouduser_name_fold_id` ON `cloud_users` (`name_fold`, `id`);
CREATE INDEX `cloudusergroup_name_fold_id` ON `cloud_user_groups` (`name_fold`, `id`);
CREATE INDEX `cloudspace_name_fold_id` ON `cloud_spaces` (`name_fold`, `id`);

-- +goose Down
DROP INDEX `cloudspace_name_fold_id`;
DROP INDEX `cloudusergroup_name_fold_id`;
DROP INDEX `clouduser_name_fold_id`;
DROP INDEX `customer_city_fold_id`;
DROP INDEX `customer_updated_at_id`;
ALTER TABLE `cloud_spaces` DROP COLUMN `name_fold`;
ALTER TABLE `cloud_user_groups` DROP COLUMN `name_fold`;
ALTER TABLE `cloud_users` DROP COLUMN `email_fold`;
ALTER TABLE `cloud_users` DROP COLUMN `name_fold`;
ALTER TABLE `customers` DROP COLUMN `city_fold`;
