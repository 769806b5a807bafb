-- What ent's schema cannot say: the way back through the join tables, substring
-- search by trigrams where the database has them, and room on each page of
-- customers so that touching one stays a heap-only update.

-- +goose Up
CREATE INDEX "customer_cloud_user_groups_group" ON "customer_cloud_user_groups" ("cloud_user_group_id", "customer_id");
CREATE INDEX "cloud_user_group_users_user" ON "cloud_user_group_users" ("cloud_user_id", "cloud_user_group_id");
ALTER TABLE "customers" SET (fillfactor = 85);
-- +goose StatementBegin
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX "customers_name_trigrams" ON "customers" USING gin ("name" gin_trgm_ops);
  CREATE INDEX "customers_name_fold_trigrams" ON "customers" USING gin ("name_fold" gin_trgm_ops);
EXCEPTION
  WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object THEN
    RAISE NOTICE 'no trigram indexes: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX IF EXISTS "customers_name_fold_trigrams";
DROP INDEX IF EXISTS "customers_name_trigrams";
ALTER TABLE "customers" RESET (fillfactor);
DROP INDEX "cloud_user_group_users_user";
DROP INDEX "customer_cloud_user_groups_group";
