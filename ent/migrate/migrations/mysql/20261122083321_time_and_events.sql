-- Modify "access_requests" table
ALTER TABLE `access_requests` ADD INDEX `accessrequest_status_expires_at` (`status`, `expires_at`);
-- Modify "assignments" table
ALTER TABLE `assignments` ADD COLUMN `due_at` datetime(6) NULL, ADD INDEX `assignment_due_at` (`due_at`);
-- Modify "audit_events" table
ALTER TABLE `audit_events` ADD COLUMN `target_ids` json NULL;
-- Modify "invitations" table
ALTER TABLE `invitations` ADD INDEX `invitation_status_expires_at` (`status`, `expires_at`);
-- Modify "one_time_tokens" table
ALTER TABLE `one_time_tokens` ADD INDEX `onetimetoken_expires_at` (`expires_at`);
-- Modify "relationships" table
ALTER TABLE `relationships` ADD COLUMN `due_at` datetime(6) NULL, ADD INDEX `relationship_due_at` (`due_at`);
-- Modify "sessions" table
ALTER TABLE `sessions` ADD INDEX `session_expires_at` (`expires_at`);
-- Create "bookmarks" table
CREATE TABLE `bookmarks` (`id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, `created_at` datetime(6) NOT NULL, `updated_at` datetime(6) NOT NULL, `reader` varchar(40) CHARSET ascii NOT NULL COLLATE ascii_bin, `event_id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, PRIMARY KEY (`id`), UNIQUE INDEX `reader` (`reader`)) CHARSET utf8mb4 COLLATE utf8mb4_bin;
-- Create "webhooks" table
CREATE TABLE `webhooks` (`id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, `version` bigint NOT NULL DEFAULT 1, `created_at` datetime(6) NOT NULL, `updated_at` datetime(6) NOT NULL, `url` varchar(2000) NOT NULL, `events` json NOT NULL, `secret` varchar(100) NOT NULL, `previous_secret` varchar(100) NULL, `previous_until` datetime(6) NULL, `status` enum('ACTIVE','DISABLED','DELETED') NOT NULL DEFAULT 'ACTIVE', `active_since` datetime(6) NOT NULL, `failing_since` datetime(6) NULL, `tenant_id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, PRIMARY KEY (`id`), INDEX `webhook_status` (`status`), INDEX `webhook_tenant_id_id` (`tenant_id`, `id`), CONSTRAINT `webhooks_tenants_webhook_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON UPDATE RESTRICT ON DELETE NO ACTION) CHARSET utf8mb4 COLLATE utf8mb4_bin;
-- Create "webhook_deliveries" table
CREATE TABLE `webhook_deliveries` (`id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, `created_at` datetime(6) NOT NULL, `updated_at` datetime(6) NOT NULL, `tenant_id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, `event_id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, `event` varchar(60) NOT NULL, `payload` longtext NOT NULL, `status` enum('PENDING','DELIVERED','FAILED') NOT NULL DEFAULT 'PENDING', `attempts` bigint NOT NULL DEFAULT 0, `next_attempt_at` datetime(6) NOT NULL, `give_up_at` datetime(6) NOT NULL, `last_attempt_at` datetime(6) NULL, `response_status` bigint NULL, `last_error` varchar(500) NULL, `webhook_id` char(30) CHARSET ascii NOT NULL COLLATE ascii_bin, PRIMARY KEY (`id`), INDEX `webhookdelivery_status_next_attempt_at_tenant_id` (`status`, `next_attempt_at`, `tenant_id`), UNIQUE INDEX `webhookdelivery_webhook_id_event_id` (`webhook_id`, `event_id`), INDEX `webhookdelivery_webhook_id_id` (`webhook_id`, `id`), INDEX `webhookdelivery_webhook_id_status_id` (`webhook_id`, `status`, `id`), CONSTRAINT `webhook_deliveries_webhooks_webhook` FOREIGN KEY (`webhook_id`) REFERENCES `webhooks` (`id`) ON UPDATE RESTRICT ON DELETE NO ACTION) CHARSET utf8mb4 COLLATE utf8mb4_bin;
-- Let the clock look once at what has an end already
UPDATE `relationships` SET `due_at` = `created_at` WHERE `ends_at` IS NOT NULL AND `active_customer_id` IS NOT NULL;
UPDATE `assignments` SET `due_at` = `created_at` WHERE `ends_at` IS NOT NULL AND `open_key` IS NOT NULL;
-- Modify "outbox_messages" table
ALTER TABLE `outbox_messages` ADD COLUMN `retried_at` datetime(6) NULL, ADD INDEX `outboxmessage_status_id` (`status`, `id`);
