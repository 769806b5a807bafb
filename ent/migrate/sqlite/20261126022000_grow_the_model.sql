-- Cloud users, groups and spaces as the old services have them.

-- +goose Up
ALTER TABLE `cloud_spaces` ADD COLUMN `version` uuid NOT NULL DEFAULT (('00000000-0000-0000-0000-000000000000'));
ALTER TABLE `cloud_user_groups` ADD COLUMN `version` uuid NOT NULL DEFAULT (('00000000-0000-0000-0000-000000000000'));
UPDATE `cloud_spaces` SET `version` = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
UPDATE `cloud_user_groups` SET `version` = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
ALTER TABLE `cloud_users` ADD COLUMN `name` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `description` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `address` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `city` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `country` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `phone_mobile` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `phone_landline` text NOT NULL DEFAULT ('');
ALTER TABLE `cloud_users` ADD COLUMN `system_user` bool NOT NULL DEFAULT (false);
-- Who could sign in still can. A CHECK is changed in the schema's own text (SQLite,
-- "Making Other Kinds Of Table Schema Changes"): a table made anew and renamed
-- would take its tokens and memberships along when the old one is dropped.
PRAGMA writable_schema = ON;
UPDATE `sqlite_schema` SET `sql` = replace(replace(`sql`, 'status IN (''ACTIVE'', ''DISABLED'')', 'status IN (''CREATED'', ''CONFIGURED'', ''DISABLED'')'), 'DEFAULT (''ACTIVE'')', 'DEFAULT (''CREATED'')') WHERE `type` = 'table' AND `name` = 'cloud_users';
PRAGMA writable_schema = RESET;
UPDATE `cloud_users` SET `status` = 'CONFIGURED' WHERE `status` = 'ACTIVE';
ALTER TABLE `jobs` ADD COLUMN `object_id` uuid NULL;
UPDATE `jobs` SET `object_id` = `customer_id` WHERE `customer_id` IS NOT NULL AND `action` NOT LIKE '%CloudSpace';
CREATE TABLE `cloud_user_group_groups` (`cloud_user_group_id` uuid NOT NULL, `member_id` uuid NOT NULL, PRIMARY KEY (`cloud_user_group_id`, `member_id`), CONSTRAINT `cloud_user_group_groups_cloud_user_group_id` FOREIGN KEY (`cloud_user_group_id`) REFERENCES `cloud_user_groups` (`id`) ON DELETE CASCADE, CONSTRAINT `cloud_user_group_groups_member_id` FOREIGN KEY (`member_id`) REFERENCES `cloud_user_groups` (`id`) ON DELETE CASCADE);
CREATE INDEX `cloud_user_group_groups_member` ON `cloud_user_group_groups` (`member_id`, `cloud_user_group_id`);

-- +goose Down
DROP TABLE `cloud_user_group_groups`;
ALTER TABLE `jobs` DROP COLUMN `object_id`;
PRAGMA writable_schema = ON;
UPDATE `sqlite_schema` SET `sql` = replace(replace(`sql`, 'status IN (''CREATED'', ''CONFIGURED'', ''DISABLED'')', 'status IN (''ACTIVE'', ''DISABLED'')'), 'DEFAULT (''CREATED'')', 'DEFAULT (''ACTIVE'')') WHERE `type` = 'table' AND `name` = 'cloud_users';
PRAGMA writable_schema = RESET;
UPDATE `cloud_users` SET `status` = 'ACTIVE' WHERE `status` IN ('CREATED', 'CONFIGURED');
ALTER TABLE `cloud_users` DROP COLUMN `system_user`;
ALTER TABLE `cloud_users` DROP COLUMN `phone_landline`;
ALTER TABLE `cloud_users` DROP COLUMN `phone_mobile`;
ALTER TABLE `cloud_users` DROP COLUMN `country`;
ALTER TABLE `cloud_users` DROP COLUMN `city`;
ALTER TABLE `cloud_users` DROP COLUMN `address`;
ALTER TABLE `cloud_users` DROP COLUMN `description`;
ALTER TABLE `cloud_users` DROP COLUMN `name`;
ALTER TABLE `cloud_user_groups` DROP COLUMN `version`;
ALTER TABLE `cloud_spaces` DROP COLUMN `version`;
