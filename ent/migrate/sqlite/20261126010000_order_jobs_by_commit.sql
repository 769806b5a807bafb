-- The position of each job in the order of commits (internal/event). The jobs
-- that are there have none: streams begin after them. SQLite drops triggers with
-- their table: a migration that makes jobs anew must make them anew too.

-- +goose Up
ALTER TABLE `jobs` ADD COLUMN `event_position` integer NULL;
CREATE INDEX `job_event_position_id` ON `jobs` (`event_position`, `id`) WHERE event_position IS NOT NULL;
CREATE TABLE `event_state` (`id` integer NOT NULL, `epoch` text NOT NULL, `source` text NOT NULL, `pruned` integer NOT NULL, PRIMARY KEY (`id`));
INSERT INTO `event_state` (`id`, `epoch`, `source`, `pruned`) VALUES (1, lower(hex(randomblob(8))), '', 0);
-- +goose StatementBegin
CREATE TRIGGER `job_event_position_insert` AFTER INSERT ON `jobs` BEGIN
  UPDATE jobs SET event_position = (SELECT max(coalesce((SELECT max(event_position) FROM jobs WHERE event_position IS NOT NULL), 0), pruned) + 1 FROM event_state) WHERE id = NEW.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `job_event_position_update` AFTER UPDATE OF `status` ON `jobs` BEGIN
  UPDATE jobs SET event_position = (SELECT max(coalesce((SELECT max(event_position) FROM jobs WHERE event_position IS NOT NULL), 0), pruned) + 1 FROM event_state) WHERE id = NEW.id;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER `job_event_position_update`;
DROP TRIGGER `job_event_position_insert`;
DROP TABLE `event_state`;
DROP INDEX `job_event_position_id`;
ALTER TABLE `jobs` DROP COLUMN `event_position`;
