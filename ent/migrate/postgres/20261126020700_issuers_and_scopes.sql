-- +goose Up
-- modify "access_tokens" table
ALTER TABLE "access_tokens" ADD COLUMN "scope" character varying NOT NULL DEFAULT 'FULL', ADD COLUMN "last_used_at" timestamptz NULL;
-- modify "cloud_users" table
ALTER TABLE "cloud_users" ADD COLUMN "issuer" text NULL, ADD COLUMN "subject" text NULL COLLATE "C", ADD COLUMN "role_stated_at" timestamptz NULL, ADD COLUMN "role_valid_until" timestamptz NULL;
-- create index "clouduser_issuer_subject" to table: "cloud_users"
CREATE UNIQUE INDEX "clouduser_issuer_subject" ON "cloud_users" ("issuer", "subject");

-- kept answers were not sealed, and may contain tokens
DELETE FROM "idempotency_keys";

-- +goose Down
-- reverse: create index "clouduser_issuer_subject" to table: "cloud_users"
DROP INDEX "clouduser_issuer_subject";
-- reverse: modify "cloud_users" table
ALTER TABLE "cloud_users" DROP COLUMN "role_valid_until", DROP COLUMN "role_stated_at", DROP COLUMN "subject", DROP COLUMN "issuer";
-- reverse: modify "access_tokens" table
ALTER TABLE "access_tokens" DROP COLUMN "last_used_at", DROP COLUMN "scope";
