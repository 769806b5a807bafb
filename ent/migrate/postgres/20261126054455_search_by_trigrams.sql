-- Substring search in more columns, where the database has trigrams.
-- blocks: only a DO block can leave the indexes out where the extension is missing, and it builds none concurrently. The
-- new columns are empty at this time; the index of domains takes a second for 100,000.

-- +goose Up
-- +goose StatementBegin
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX "customers_city_fold_trigrams" ON "customers" USING gin ("city_fold" gin_trgm_ops);
  CREATE INDEX "cloud_users_login_fold_trigrams" ON "cloud_users" USING gin ("login_fold" gin_trgm_ops);
  CREATE INDEX "cloud_users_name_fold_trigrams" ON "cloud_users" USING gin ("name_fold" gin_trgm_ops);
  CREATE INDEX "cloud_users_email_fold_trigrams" ON "cloud_users" USING gin ("email_fold" gin_trgm_ops);
  CREATE INDEX "cloud_user_groups_name_fold_trigrams" ON "cloud_user_groups" USING gin ("name_fold" gin_trgm_ops);
  CREATE INDEX "cloud_spaces_name_fold_trigrams" ON "cloud_spaces" USING gin ("name_fold" gin_trgm_ops);
  CREATE INDEX "domains_name_trigrams" ON "domains" USING gin ("name" gin_trgm_ops);
EXCEPTION
  WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object THEN
    RAISE NOTICE 'no trigram indexes: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX IF EXISTS "domains_name_trigrams";
DROP INDEX IF EXISTS "cloud_spaces_name_fold_trigrams";
DROP INDEX IF EXISTS "cloud_user_groups_name_fold_trigrams";
DROP INDEX IF EXISTS "cloud_users_email_fold_trigrams";
DROP INDEX IF EXISTS "cloud_users_name_fold_trigrams";
DROP INDEX IF EXISTS "cloud_users_login_fold_trigrams";
DROP INDEX IF EXISTS "customers_city_fold_trigrams";
