-- +goose Up
-- add column "deaths" to table: "jobs"
ALTER TABLE `jobs` ADD COLUMN `deaths` integer NOT NULL DEFAULT 0;

-- +goose Down
-- reverse: add column "deaths" to table: "jobs"
ALTER TABLE `jobs` DROP COLUMN `deaths`;
