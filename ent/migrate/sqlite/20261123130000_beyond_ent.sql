-- What ent's schema cannot say: the way back through the join tables.

-- +goose Up
CREATE INDEX "customer_cloud_user_groups_group" ON "customer_cloud_user_groups" ("cloud_user_group_id", "customer_id");
CREATE INDEX "cloud_user_group_users_user" ON "cloud_user_group_users" ("cloud_user_id", "cloud_user_group_id");

-- +goose Down
DROP INDEX "cloud_user_group_users_user";
DROP INDEX "customer_cloud_user_groups_group";
