-- Drop index "member_tenant_id_sort_name_id" from table: "members"
DROP INDEX `member_tenant_id_sort_name_id`;
-- Drop index "member_tenant_id_status_sort_name_id" from table: "members"
DROP INDEX `member_tenant_id_status_sort_name_id`;
-- Drop index "member_tenant_id_last_signed_in_at_id" from table: "members"
DROP INDEX `member_tenant_id_last_signed_in_at_id`;
-- Create index "members_page" to table: "members"
CREATE INDEX `members_page` ON `members` (`tenant_id`, `sort_name`, `id`, `status`, `administrator`, `guest`, `user_id`);
-- Create index "members_status_page" to table: "members"
CREATE INDEX `members_status_page` ON `members` (`tenant_id`, `status`, `sort_name`, `id`, `administrator`, `guest`, `user_id`);
-- Create index "members_sign_in_page" to table: "members"
CREATE INDEX `members_sign_in_page` ON `members` (`tenant_id`, `last_signed_in_at`, `id`, `status`, `administrator`, `guest`);
