-- Modify "audit_events" table
ALTER TABLE `audit_events` ADD COLUMN `api_token` varchar(16) NULL, ADD INDEX `auditevent_tenant_id_other_tenant_id_at_id` (`tenant_id`, `other_tenant_id`, `at`, `id`);
