-- Cloud users, groups and spaces as the old services have them.

-- +goose Up
ALTER TABLE "cloud_spaces" ADD COLUMN "version" uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid;
ALTER TABLE "cloud_user_groups" ADD COLUMN "version" uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid;
UPDATE "cloud_spaces" SET "version" = gen_random_uuid();
UPDATE "cloud_user_groups" SET "version" = gen_random_uuid();
ALTER TABLE "cloud_users" ALTER COLUMN "status" SET DEFAULT 'CREATED', ADD COLUMN "name" text NOT NULL DEFAULT '' COLLATE "C", ADD COLUMN "description" text NOT NULL DEFAULT '', ADD COLUMN "address" text NOT NULL DEFAULT '', ADD COLUMN "city" text NOT NULL DEFAULT '', ADD COLUMN "country" text NOT NULL DEFAULT '', ADD COLUMN "phone_mobile" text NOT NULL DEFAULT '', ADD COLUMN "phone_landline" text NOT NULL DEFAULT '', ADD COLUMN "system_user" boolean NOT NULL DEFAULT false;
-- Who could sign in still can.
ALTER TABLE "cloud_users" DROP CONSTRAINT "cloud_user_status";
UPDATE "cloud_users" SET "status" = 'CONFIGURED' WHERE "status" = 'ACTIVE';
ALTER TABLE "cloud_users" ADD CONSTRAINT "cloud_user_status" CHECK (status IN ('CREATED', 'CONFIGURED', 'DISABLED'));
ALTER TABLE "jobs" ADD COLUMN "object_id" uuid NULL;
UPDATE "jobs" SET "object_id" = "customer_id" WHERE "customer_id" IS NOT NULL AND "action" NOT LIKE '%CloudSpace';
CREATE TABLE "cloud_user_group_groups" ("cloud_user_group_id" uuid NOT NULL, "member_id" uuid NOT NULL, PRIMARY KEY ("cloud_user_group_id", "member_id"), CONSTRAINT "cloud_user_group_groups_cloud_user_group_id" FOREIGN KEY ("cloud_user_group_id") REFERENCES "cloud_user_groups" ("id") ON DELETE CASCADE, CONSTRAINT "cloud_user_group_groups_member_id" FOREIGN KEY ("member_id") REFERENCES "cloud_user_groups" ("id") ON DELETE CASCADE);
CREATE INDEX "cloud_user_group_groups_member" ON "cloud_user_group_groups" ("member_id", "cloud_user_group_id");

-- +goose Down
DROP TABLE "cloud_user_group_groups";
ALTER TABLE "jobs" DROP COLUMN "object_id";
ALTER TABLE "cloud_users" DROP CONSTRAINT "cloud_user_status";
UPDATE "cloud_users" SET "status" = 'ACTIVE' WHERE "status" IN ('CREATED', 'CONFIGURED');
ALTER TABLE "cloud_users" ADD CONSTRAINT "cloud_user_status" CHECK (status IN ('ACTIVE', 'DISABLED'));
ALTER TABLE "cloud_users" DROP COLUMN "system_user", DROP COLUMN "phone_landline", DROP COLUMN "phone_mobile", DROP COLUMN "country", DROP COLUMN "city", DROP COLUMN "address", DROP COLUMN "description", DROP COLUMN "name", ALTER COLUMN "status" SET DEFAULT 'ACTIVE';
ALTER TABLE "cloud_user_groups" DROP COLUMN "version";
ALTER TABLE "cloud_spaces" DROP COLUMN "version";
