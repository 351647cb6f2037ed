-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Add column "target_ids" to table: "audit_events"
ALTER TABLE `audit_events` ADD COLUMN `target_ids` json NULL;
-- Create index "invitation_status_expires_at" to table: "invitations"
CREATE INDEX `invitation_status_expires_at` ON `invitations` (`status`, `expires_at`);
-- Create index "onetimetoken_expires_at" to table: "one_time_tokens"
CREATE INDEX `onetimetoken_expires_at` ON `one_time_tokens` (`expires_at`);
-- Create "new_relationships" table
CREATE TABLE `new_relationships` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `partner_name` text NOT NULL, `partner_type` text NOT NULL, `partner_code` text NOT NULL, `customer_name` text NULL, `customer_account_number` text NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `active_customer_id` text NULL, `starts_at` datetime NOT NULL, `ends_at` datetime NULL, `auto_extend_days` integer NULL, `suspended_by_partner` bool NOT NULL DEFAULT (false), `suspended_by_customer` bool NOT NULL DEFAULT (false), `suspended_by_operator` bool NOT NULL DEFAULT (false), `due_at` datetime NULL, `ended_at` datetime NULL, `ended_by` text NULL, `end_reason` text NULL, `partner_id` text NOT NULL, `customer_id` text NOT NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `relationships_tenants_partner_tenant` FOREIGN KEY (`partner_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `relationships_tenants_customer_tenant` FOREIGN KEY (`customer_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `relationships_roles_ceiling` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "relationships" to new temporary table "new_relationships"
INSERT INTO `new_relationships` (`id`, `version`, `created_at`, `updated_at`, `partner_name`, `partner_type`, `partner_code`, `customer_name`, `customer_account_number`, `kind`, `status`, `active_customer_id`, `starts_at`, `ends_at`, `auto_extend_days`, `suspended_by_partner`, `suspended_by_customer`, `suspended_by_operator`, `ended_at`, `ended_by`, `end_reason`, `partner_id`, `customer_id`, `role_id`) SELECT `id`, `version`, `created_at`, `updated_at`, `partner_name`, `partner_type`, `partner_code`, `customer_name`, `customer_account_number`, `kind`, `status`, `active_customer_id`, `starts_at`, `ends_at`, `auto_extend_days`, `suspended_by_partner`, `suspended_by_customer`, `suspended_by_operator`, `ended_at`, `ended_by`, `end_reason`, `partner_id`, `customer_id`, `role_id` FROM `relationships`;
-- Drop "relationships" table after copying rows
DROP TABLE `relationships`;
-- Rename temporary table "new_relationships" to "relationships"
ALTER TABLE `new_relationships` RENAME TO `relationships`;
-- Create index "relationships_active_customer_id_key" to table: "relationships"
CREATE UNIQUE INDEX `relationships_active_customer_id_key` ON `relationships` (`active_customer_id`);
-- Create index "relationship_customer_id_id" to table: "relationships"
CREATE INDEX `relationship_customer_id_id` ON `relationships` (`customer_id`, `id`);
-- Create index "relationship_partner_id_id" to table: "relationships"
CREATE INDEX `relationship_partner_id_id` ON `relationships` (`partner_id`, `id`);
-- Create index "relationship_partner_id_status_id" to table: "relationships"
CREATE INDEX `relationship_partner_id_status_id` ON `relationships` (`partner_id`, `status`, `id`);
-- Create index "relationship_role_id" to table: "relationships"
CREATE INDEX `relationship_role_id` ON `relationships` (`role_id`);
-- Create index "relationship_due_at" to table: "relationships"
CREATE INDEX `relationship_due_at` ON `relationships` (`due_at`);
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- Create index "accessrequest_status_expires_at" to table: "access_requests"
CREATE INDEX `accessrequest_status_expires_at` ON `access_requests` (`status`, `expires_at`);
-- Create "new_assignments" table
CREATE TABLE `new_assignments` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `partner_name` text NOT NULL, `partner_type` text NOT NULL, `partner_code` text NOT NULL, `customer_name` text NULL, `customer_account_number` text NULL, `tenant_sort_name` text NOT NULL, `grantee_id` text NOT NULL, `relationship_id` text NULL, `grantee_name` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `starts_at` datetime NOT NULL, `ends_at` datetime NULL, `due_at` datetime NULL, `ended_at` datetime NULL, `open_key` text NULL, `granter_id` text NOT NULL, `tenant_id` text NOT NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `assignments_tenants_granter` FOREIGN KEY (`granter_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `assignments_tenants_reached_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `assignments_roles_given_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Copy rows from old table "assignments" to new temporary table "new_assignments"
INSERT INTO `new_assignments` (`id`, `version`, `created_at`, `updated_at`, `partner_name`, `partner_type`, `partner_code`, `customer_name`, `customer_account_number`, `tenant_sort_name`, `grantee_id`, `relationship_id`, `grantee_name`, `status`, `starts_at`, `ends_at`, `ended_at`, `open_key`, `granter_id`, `tenant_id`, `role_id`) SELECT `id`, `version`, `created_at`, `updated_at`, `partner_name`, `partner_type`, `partner_code`, `customer_name`, `customer_account_number`, `tenant_sort_name`, `grantee_id`, `relationship_id`, `grantee_name`, `status`, `starts_at`, `ends_at`, `ended_at`, `open_key`, `granter_id`, `tenant_id`, `role_id` FROM `assignments`;
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
-- Create index "assignment_due_at" to table: "assignments"
CREATE INDEX `assignment_due_at` ON `assignments` (`due_at`);
-- Create "bookmarks" table
CREATE TABLE `bookmarks` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `reader` text NOT NULL, `event_id` text NOT NULL, PRIMARY KEY (`id`));
-- Create index "bookmarks_reader_key" to table: "bookmarks"
CREATE UNIQUE INDEX `bookmarks_reader_key` ON `bookmarks` (`reader`);
-- Create "webhooks" table
CREATE TABLE `webhooks` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `url` text NOT NULL, `events` json NOT NULL, `secret` text NOT NULL, `previous_secret` text NULL, `previous_until` datetime NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `active_since` datetime NOT NULL, `failing_since` datetime NULL, `tenant_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `webhooks_tenants_webhook_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION);
-- Create index "webhook_tenant_id_id" to table: "webhooks"
CREATE INDEX `webhook_tenant_id_id` ON `webhooks` (`tenant_id`, `id`);
-- Create index "webhook_status" to table: "webhooks"
CREATE INDEX `webhook_status` ON `webhooks` (`status`);
-- Create "webhook_deliveries" table
CREATE TABLE `webhook_deliveries` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `tenant_id` text NOT NULL, `event_id` text NOT NULL, `event` text NOT NULL, `payload` text NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `give_up_at` datetime NOT NULL, `last_attempt_at` datetime NULL, `response_status` integer NULL, `last_error` text NULL, `webhook_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `webhook_deliveries_webhooks_webhook` FOREIGN KEY (`webhook_id`) REFERENCES `webhooks` (`id`) ON DELETE NO ACTION);
-- Create index "webhookdelivery_webhook_id_event_id" to table: "webhook_deliveries"
CREATE UNIQUE INDEX `webhookdelivery_webhook_id_event_id` ON `webhook_deliveries` (`webhook_id`, `event_id`);
-- Create index "webhookdelivery_webhook_id_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_webhook_id_id` ON `webhook_deliveries` (`webhook_id`, `id`);
-- Create index "webhookdelivery_webhook_id_status_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_webhook_id_status_id` ON `webhook_deliveries` (`webhook_id`, `status`, `id`);
-- Create index "webhookdelivery_status_next_attempt_at_tenant_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_status_next_attempt_at_tenant_id` ON `webhook_deliveries` (`status`, `next_attempt_at`, `tenant_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
-- Let the clock look once at what has an end already
UPDATE `relationships` SET `due_at` = `created_at` WHERE `ends_at` IS NOT NULL AND `active_customer_id` IS NOT NULL;
UPDATE `assignments` SET `due_at` = `created_at` WHERE `ends_at` IS NOT NULL AND `open_key` IS NOT NULL;
-- Add column "retried_at" to table: "outbox_messages"
ALTER TABLE `outbox_messages` ADD COLUMN `retried_at` datetime NULL;
-- Create index "outboxmessage_status_id" to table: "outbox_messages"
CREATE INDEX `outboxmessage_status_id` ON `outbox_messages` (`status`, `id`);
