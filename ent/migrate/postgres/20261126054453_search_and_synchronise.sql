-- Texts with their case folded, for filters that ignore case. The server fills them when it starts (server/api/fold.go).

-- +goose Up
-- modify "cloud_spaces" table
ALTER TABLE "cloud_spaces" ADD COLUMN "name_fold" text NOT NULL DEFAULT '' COLLATE "C";
-- modify "cloud_user_groups" table
ALTER TABLE "cloud_user_groups" ADD COLUMN "name_fold" text NOT NULL DEFAULT '' COLLATE "C";
-- modify "cloud_users" table
ALTER TABLE "cloud_users" ADD COLUMN "name_fold" text NOT NULL DEFAULT '' COLLATE "C", ADD COLUMN "email_fold" text NOT NULL DEFAULT '' COLLATE "C";
-- modify "customers" table
ALTER TABLE "customers" ADD COLUMN "city_fold" text NOT NULL DEFAULT '' COLLATE "C";

-- +goose Down
-- reverse: modify "customers" table
ALTER TABLE "customers" DROP COLUMN "city_fold";
-- reverse: modify "cloud_users" table
ALTER TABLE "cloud_users" DROP COLUMN "email_fold", DROP COLUMN "name_fold";
-- reverse: modify "cloud_user_groups" table
ALTER TABLE "cloud_user_groups" DROP COLUMN "name_fold";
-- reverse: modify "cloud_spaces" table
ALTER TABLE "cloud_spaces" DROP COLUMN "name_fold";
