-- What an import from the old server keeps: the order of units, and which
-- passwords are weak.

-- +goose Up
ALTER TABLE `capacity_units` ADD COLUMN `place` integer NOT NULL DEFAULT (0);
ALTER TABLE `cloud_users` ADD COLUMN `password_is_weak` bool NOT NULL DEFAULT (false);
DROP INDEX `capacityunit_customer_id_id`;
CREATE INDEX `capacityunit_customer_id_place_id` ON `capacity_units` (`customer_id`, `place`, `id`);

-- +goose Down
DROP INDEX `capacityunit_customer_id_place_id`;
CREATE INDEX `capacityunit_customer_id_id` ON `capacity_units` (`customer_id`, `id`);
ALTER TABLE `cloud_users` DROP COLUMN `password_is_weak`;
ALTER TABLE `capacity_units` DROP COLUMN `place`;
