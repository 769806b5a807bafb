-- +goose Up
-- modify "jobs" table
ALTER TABLE "jobs" ADD COLUMN "deaths" bigint NOT NULL DEFAULT 0;

-- +goose Down
-- reverse: modify "jobs" table
ALTER TABLE "jobs" DROP COLUMN "deaths";
