-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_members" table
CREATE TABLE `new_members` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `first_name` text NOT NULL, `last_name` text NOT NULL, `sort_name` text NOT NULL, `handle` text NOT NULL, `present_handle` text NULL, `present_user_id` text NULL, `label` text NOT NULL, `phone` text NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `guest` bool NOT NULL DEFAULT (false), `administrator` bool NOT NULL DEFAULT (false), `all_sites` bool NOT NULL DEFAULT (true), `last_signed_in_at` datetime NULL, `role_id` text NULL, `tenant_id` text NOT NULL, `user_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `members_roles_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE SET NULL, CONSTRAINT `members_tenants_members` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `members_users_members` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "members" to new temporary table "new_members"
INSERT INTO `new_members` (`id`, `version`, `created_at`, `updated_at`, `first_name`, `last_name`, `sort_name`, `handle`, `label`, `phone`, `status`, `guest`, `administrator`, `last_signed_in_at`, `role_id`, `tenant_id`, `user_id`) SELECT `id`, `version`, `created_at`, `updated_at`, `first_name`, `last_name`, `sort_name`, `handle`, `label`, `phone`, `status`, `guest`, `administrator`, `last_signed_in_at`, `role_id`, `tenant_id`, `user_id` FROM `members`;
-- Drop "members" table after copying rows
DROP TABLE `members`;
-- Rename temporary table "new_members" to "members"
ALTER TABLE `new_members` RENAME TO `members`;
-- Create index "member_tenant_id_present_user_id" to table: "members"
CREATE UNIQUE INDEX `member_tenant_id_present_user_id` ON `members` (`tenant_id`, `present_user_id`);
-- Create index "member_tenant_id_present_handle" to table: "members"
CREATE UNIQUE INDEX `member_tenant_id_present_handle` ON `members` (`tenant_id`, `present_handle`);
-- Create index "member_tenant_id_sort_name_id" to table: "members"
CREATE INDEX `member_tenant_id_sort_name_id` ON `members` (`tenant_id`, `sort_name`, `id`);
-- Create index "member_tenant_id_status_sort_name_id" to table: "members"
CREATE INDEX `member_tenant_id_status_sort_name_id` ON `members` (`tenant_id`, `status`, `sort_name`, `id`);
-- Create index "member_tenant_id_last_signed_in_at_id" to table: "members"
CREATE INDEX `member_tenant_id_last_signed_in_at_id` ON `members` (`tenant_id`, `last_signed_in_at`, `id`);
-- Create index "member_tenant_id_administrator_status" to table: "members"
CREATE INDEX `member_tenant_id_administrator_status` ON `members` (`tenant_id`, `administrator`, `status`);
-- Create index "member_user_id_status_tenant_id" to table: "members"
CREATE INDEX `member_user_id_status_tenant_id` ON `members` (`user_id`, `status`, `tenant_id`);
-- Add column "tenant_id" to table: "one_time_tokens"
ALTER TABLE `one_time_tokens` ADD COLUMN `tenant_id` text NULL;
-- Add column "member_id" to table: "one_time_tokens"
ALTER TABLE `one_time_tokens` ADD COLUMN `member_id` text NULL;
-- Add column "email" to table: "one_time_tokens"
ALTER TABLE `one_time_tokens` ADD COLUMN `email` text NULL;
-- Add column "email_canonical" to table: "one_time_tokens"
ALTER TABLE `one_time_tokens` ADD COLUMN `email_canonical` text NULL;
-- Create index "session_entered_tenant_id" to table: "sessions"
CREATE INDEX `session_entered_tenant_id` ON `sessions` (`entered_tenant_id`);
-- Create "new_tenants" table
CREATE TABLE `new_tenants` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL, `sort_name` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `partner_id` text NULL, `account_number` text NULL, `email` text NULL, `street` text NULL, `city` text NULL, `region` text NULL, `postal_code` text NULL, `country` text NULL, `sign_up_policy` text NOT NULL DEFAULT ('CLOSED'), `sign_up_code` text NULL, `service_activated_at` datetime NULL, PRIMARY KEY (`id`));
-- Copy rows from old table "tenants" to new temporary table "new_tenants"
INSERT INTO `new_tenants` (`id`, `version`, `created_at`, `updated_at`, `kind`, `name`, `sort_name`, `status`, `partner_id`, `account_number`, `email`, `street`, `city`, `region`, `postal_code`, `country`, `service_activated_at`) SELECT `id`, `version`, `created_at`, `updated_at`, `kind`, `name`, `sort_name`, `status`, `partner_id`, `account_number`, `email`, `street`, `city`, `region`, `postal_code`, `country`, `service_activated_at` FROM `tenants`;
-- Drop "tenants" table after copying rows
DROP TABLE `tenants`;
-- Rename temporary table "new_tenants" to "tenants"
ALTER TABLE `new_tenants` RENAME TO `tenants`;
-- Create index "tenants_sign_up_code_key" to table: "tenants"
CREATE UNIQUE INDEX `tenants_sign_up_code_key` ON `tenants` (`sign_up_code`);
-- Create index "tenants_page" to table: "tenants"
CREATE INDEX `tenants_page` ON `tenants` (`sort_name`, `id`);
-- Create index "tenants_kind_page" to table: "tenants"
CREATE INDEX `tenants_kind_page` ON `tenants` (`kind`, `sort_name`, `id`);
-- Create index "tenants_partner_page" to table: "tenants"
CREATE INDEX `tenants_partner_page` ON `tenants` (`partner_id`, `sort_name`, `id`);
-- Create "access_requests" table
CREATE TABLE `access_requests` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `email_validated` bool NOT NULL DEFAULT (false), `reason` text NULL, `decided_by_name` text NULL, `decided_at` datetime NULL, `expires_at` datetime NOT NULL, `tenant_id` text NOT NULL, `member_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `access_requests_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `access_requests_members_member` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE NO ACTION);
-- Create index "accessrequest_tenant_id_id" to table: "access_requests"
CREATE INDEX `accessrequest_tenant_id_id` ON `access_requests` (`tenant_id`, `id`);
-- Create index "accessrequest_tenant_id_status_id" to table: "access_requests"
CREATE INDEX `accessrequest_tenant_id_status_id` ON `access_requests` (`tenant_id`, `status`, `id`);
-- Create index "accessrequest_member_id" to table: "access_requests"
CREATE INDEX `accessrequest_member_id` ON `access_requests` (`member_id`);
-- Create "devices" table
CREATE TABLE `devices` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `serial_number` text NOT NULL, `name` text NULL, `tenant_id` text NOT NULL, `site_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `devices_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `devices_sites_site` FOREIGN KEY (`site_id`) REFERENCES `sites` (`id`) ON DELETE SET NULL);
-- Create index "device_tenant_id_serial_number" to table: "devices"
CREATE UNIQUE INDEX `device_tenant_id_serial_number` ON `devices` (`tenant_id`, `serial_number`);
-- Create index "device_tenant_id_site_id" to table: "devices"
CREATE INDEX `device_tenant_id_site_id` ON `devices` (`tenant_id`, `site_id`);
-- Create "member_sites" table
CREATE TABLE `member_sites` (`id` text NOT NULL, `tenant_id` text NOT NULL, `member_id` text NOT NULL, `site_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `member_sites_members_member_sites` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE NO ACTION, CONSTRAINT `member_sites_sites_site` FOREIGN KEY (`site_id`) REFERENCES `sites` (`id`) ON DELETE NO ACTION);
-- Create index "membersite_member_id_site_id" to table: "member_sites"
CREATE UNIQUE INDEX `membersite_member_id_site_id` ON `member_sites` (`member_id`, `site_id`);
-- Create "service_subscriptions" table
CREATE TABLE `service_subscriptions` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `external_id` text NOT NULL, `name` text NOT NULL, `active` bool NOT NULL, `ends_at` datetime NULL, `tenant_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `service_subscriptions_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION);
-- Create index "servicesubscription_tenant_id_external_id" to table: "service_subscriptions"
CREATE UNIQUE INDEX `servicesubscription_tenant_id_external_id` ON `service_subscriptions` (`tenant_id`, `external_id`);
-- Create index "servicesubscription_tenant_id_active_ends_at" to table: "service_subscriptions"
CREATE INDEX `servicesubscription_tenant_id_active_ends_at` ON `service_subscriptions` (`tenant_id`, `active`, `ends_at`);
-- Create index "servicesubscription_tenant_id_id" to table: "service_subscriptions"
CREATE INDEX `servicesubscription_tenant_id_id` ON `service_subscriptions` (`tenant_id`, `id`);
-- Create "sites" table
CREATE TABLE `sites` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `account_number` text NOT NULL, `name` text NOT NULL, `sort_name` text NOT NULL, `city` text NULL, `region` text NULL, `status` text NOT NULL, `tenant_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `sites_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION);
-- Create index "site_tenant_id_account_number" to table: "sites"
CREATE UNIQUE INDEX `site_tenant_id_account_number` ON `sites` (`tenant_id`, `account_number`);
-- Create index "site_tenant_id_sort_name_id" to table: "sites"
CREATE INDEX `site_tenant_id_sort_name_id` ON `sites` (`tenant_id`, `sort_name`, `id`);
-- Create index "site_tenant_id_status" to table: "sites"
CREATE INDEX `site_tenant_id_status` ON `sites` (`tenant_id`, `status`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
-- Those who are members now hold their places
UPDATE `members` SET `present_user_id` = `user_id`, `present_handle` = LOWER(`handle`) WHERE `status` <> 'REMOVED';
