-- +goose Up
-- modify "capacity_units" table
ALTER TABLE "capacity_units" ADD COLUMN "place" bigint NOT NULL DEFAULT 0;
-- modify "cloud_users" table
ALTER TABLE "cloud_users" ADD COLUMN "password_is_weak" boolean NOT NULL DEFAULT false;

-- +goose Down
-- reverse: modify "cloud_users" table
ALTER TABLE "cloud_users" DROP COLUMN "password_is_weak";
-- reverse: modify "capacity_units" table
ALTER TABLE "capacity_units" DROP COLUMN "place";
