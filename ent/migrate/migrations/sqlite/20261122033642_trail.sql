-- Add column "api_token" to table: "audit_events"
ALTER TABLE `audit_events` ADD COLUMN `api_token` text NULL;
-- Create index "auditevent_tenant_id_other_tenant_id_at_id" to table: "audit_events"
CREATE INDEX `auditevent_tenant_id_other_tenant_id_at_id` ON `audit_events` (`tenant_id`, `other_tenant_id`, `at`, `id`);
