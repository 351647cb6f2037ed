-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_assignments" table
CREATE TABLE `new_assignments` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `partner_name` text NOT NULL, `partner_type` text NOT NULL, `partner_code` text NOT NULL, `customer_name` text NULL, `customer_account_number` text NULL, `tenant_sort_name` text NOT NULL, `grantee_id` text NOT NULL, `relationship_id` text NULL, `grantee_name` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `starts_at` datetime NOT NULL, `ends_at` datetime NULL, `ended_at` datetime NULL, `open_key` text NULL, `granter_id` text NOT NULL, `tenant_id` text NOT NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `assignments_tenants_granter` FOREIGN KEY (`granter_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `assignments_tenants_reached_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `assignments_roles_given_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "assignments" to new temporary table "new_assignments"
INSERT INTO `new_assignments` (`grantee_id`, `id`, `version`, `created_at`, `updated_at`, `partner_name`, `partner_type`, `partner_code`, `customer_name`, `customer_account_number`, `tenant_sort_name`, `relationship_id`, `grantee_name`, `status`, `starts_at`, `ends_at`, `ended_at`, `open_key`, `granter_id`, `tenant_id`, `role_id`) SELECT `member_id`, `id`, `version`, `created_at`, `updated_at`, `partner_name`, `partner_type`, `partner_code`, `customer_name`, `customer_account_number`, `tenant_sort_name`, `relationship_id`, `grantee_name`, `status`, `starts_at`, `ends_at`, `ended_at`, `open_key`, `granter_id`, `tenant_id`, `role_id` FROM `assignments`;
-- Drop "assignments" table after copying rows
DROP TABLE `assignments`;
-- Rename temporary table "new_assignments" to "assignments"
ALTER TABLE `new_assignments` RENAME TO `assignments`;
-- Create index "assignments_open_key_key" to table: "assignments"
CREATE UNIQUE INDEX `assignments_open_key_key` ON `assignments` (`open_key`);
-- Create index "assignments_page" to table: "assignments"
CREATE INDEX `assignments_page` ON `assignments` (`grantee_id`, `tenant_sort_name`, `tenant_id`, `status`, `granter_id`, `role_id`, `starts_at`, `ends_at`);
-- Create index "assignments_levels" to table: "assignments"
CREATE INDEX `assignments_levels` ON `assignments` (`grantee_id`, `tenant_id`, `status`, `granter_id`, `role_id`, `starts_at`, `ends_at`);
-- Create index "assignment_tenant_id_granter_id_status" to table: "assignments"
CREATE INDEX `assignment_tenant_id_granter_id_status` ON `assignments` (`tenant_id`, `granter_id`, `status`);
-- Create index "assignment_tenant_id_id" to table: "assignments"
CREATE INDEX `assignment_tenant_id_id` ON `assignments` (`tenant_id`, `id`);
-- Create index "assignment_grantee_id_id" to table: "assignments"
CREATE INDEX `assignment_grantee_id_id` ON `assignments` (`grantee_id`, `id`);
-- Create index "assignment_granter_id_id" to table: "assignments"
CREATE INDEX `assignment_granter_id_id` ON `assignments` (`granter_id`, `id`);
-- Create index "assignment_relationship_id" to table: "assignments"
CREATE INDEX `assignment_relationship_id` ON `assignments` (`relationship_id`);
-- Create index "assignment_role_id" to table: "assignments"
CREATE INDEX `assignment_role_id` ON `assignments` (`role_id`);
-- Drop index "auditevent_actor_id_at_id" from table: "audit_events"
DROP INDEX `auditevent_actor_id_at_id`;
-- Create index "auditevent_actor_id_tenant_id_at" to table: "audit_events"
CREATE INDEX `auditevent_actor_id_tenant_id_at` ON `audit_events` (`actor_id`, `tenant_id`, `at`);
-- Add column "auto_extend_days" to table: "invitations"
ALTER TABLE `invitations` ADD COLUMN `auto_extend_days` integer NULL;
-- Create "new_tenants" table
CREATE TABLE `new_tenants` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL, `sort_name` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `partner_id` text NULL, `managed_by_id` text NULL, `account_number` text NULL, `email` text NULL, `street` text NULL, `city` text NULL, `region` text NULL, `postal_code` text NULL, `country` text NULL, `sign_up_policy` text NOT NULL DEFAULT ('CLOSED'), `sign_up_code` text NULL, `service_activated_at` datetime NULL, PRIMARY KEY (`id`));
-- Copy rows from old table "tenants" to new temporary table "new_tenants"
INSERT INTO `new_tenants` (`id`, `version`, `created_at`, `updated_at`, `kind`, `name`, `sort_name`, `status`, `partner_id`, `account_number`, `email`, `street`, `city`, `region`, `postal_code`, `country`, `sign_up_policy`, `sign_up_code`, `service_activated_at`) SELECT `id`, `version`, `created_at`, `updated_at`, `kind`, `name`, `sort_name`, `status`, `partner_id`, `account_number`, `email`, `street`, `city`, `region`, `postal_code`, `country`, `sign_up_policy`, `sign_up_code`, `service_activated_at` FROM `tenants`;
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
-- Create index "tenants_managed_page" to table: "tenants"
CREATE INDEX `tenants_managed_page` ON `tenants` (`managed_by_id`, `sort_name`, `id`);
-- Create "group_customers" table
CREATE TABLE `group_customers` (`id` text NOT NULL, `tenant_id` text NOT NULL, `customer_sort_name` text NOT NULL, `customer_id` text NOT NULL, `group_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `group_customers_tenants_customer` FOREIGN KEY (`customer_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `group_customers_privilege_groups_group_customers` FOREIGN KEY (`group_id`) REFERENCES `privilege_groups` (`id`) ON DELETE NO ACTION);
-- Create index "group_customers_page" to table: "group_customers"
CREATE INDEX `group_customers_page` ON `group_customers` (`group_id`, `customer_sort_name`, `customer_id`);
-- Create index "groupcustomer_group_id_customer_id" to table: "group_customers"
CREATE UNIQUE INDEX `groupcustomer_group_id_customer_id` ON `group_customers` (`group_id`, `customer_id`);
-- Create index "groupcustomer_customer_id" to table: "group_customers"
CREATE INDEX `groupcustomer_customer_id` ON `group_customers` (`customer_id`);
-- Create "group_members" table
CREATE TABLE `group_members` (`id` text NOT NULL, `tenant_id` text NOT NULL, `member_id` text NOT NULL, `group_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `group_members_members_member` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE NO ACTION, CONSTRAINT `group_members_privilege_groups_group_members` FOREIGN KEY (`group_id`) REFERENCES `privilege_groups` (`id`) ON DELETE NO ACTION);
-- Create index "groupmember_group_id_member_id" to table: "group_members"
CREATE UNIQUE INDEX `groupmember_group_id_member_id` ON `group_members` (`group_id`, `member_id`);
-- Create index "groupmember_member_id_group_id" to table: "group_members"
CREATE INDEX `groupmember_member_id_group_id` ON `group_members` (`member_id`, `group_id`);
-- Create "privilege_groups" table
CREATE TABLE `privilege_groups` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `name` text NOT NULL, `description` text NULL, `scope` text NOT NULL, `tenant_id` text NOT NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `privilege_groups_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `privilege_groups_roles_given_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Create index "privilegegroup_tenant_id_name" to table: "privilege_groups"
CREATE UNIQUE INDEX `privilegegroup_tenant_id_name` ON `privilege_groups` (`tenant_id`, `name`);
-- Create index "privilegegroup_tenant_id_id" to table: "privilege_groups"
CREATE INDEX `privilegegroup_tenant_id_id` ON `privilege_groups` (`tenant_id`, `id`);
-- Create "table_preferences" table
CREATE TABLE `table_preferences` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `table` text NOT NULL, `columns` json NOT NULL, `user_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `table_preferences_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "tablepreference_user_id_table" to table: "table_preferences"
CREATE UNIQUE INDEX `tablepreference_user_id_table` ON `table_preferences` (`user_id`, `table`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
