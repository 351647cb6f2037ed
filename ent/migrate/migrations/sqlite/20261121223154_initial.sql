-- Create "assignments" table
CREATE TABLE `assignments` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `partner_name` text NOT NULL, `partner_type` text NOT NULL, `partner_code` text NOT NULL, `customer_name` text NULL, `customer_account_number` text NULL, `tenant_sort_name` text NOT NULL, `relationship_id` text NULL, `grantee_name` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `starts_at` datetime NOT NULL, `ends_at` datetime NULL, `ended_at` datetime NULL, `open_key` text NULL, `granter_id` text NOT NULL, `tenant_id` text NOT NULL, `member_id` text NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `assignments_tenants_granter` FOREIGN KEY (`granter_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `assignments_tenants_reached_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `assignments_members_member` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE SET NULL, CONSTRAINT `assignments_roles_given_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Create index "assignments_open_key_key" to table: "assignments"
CREATE UNIQUE INDEX `assignments_open_key_key` ON `assignments` (`open_key`);
-- Create index "assignments_page" to table: "assignments"
CREATE INDEX `assignments_page` ON `assignments` (`member_id`, `tenant_sort_name`, `tenant_id`, `status`, `granter_id`, `role_id`, `starts_at`, `ends_at`);
-- Create index "assignments_levels" to table: "assignments"
CREATE INDEX `assignments_levels` ON `assignments` (`member_id`, `tenant_id`, `status`, `granter_id`, `role_id`, `starts_at`, `ends_at`);
-- Create index "assignment_tenant_id_granter_id_status" to table: "assignments"
CREATE INDEX `assignment_tenant_id_granter_id_status` ON `assignments` (`tenant_id`, `granter_id`, `status`);
-- Create index "assignment_granter_id_id" to table: "assignments"
CREATE INDEX `assignment_granter_id_id` ON `assignments` (`granter_id`, `id`);
-- Create index "assignment_relationship_id" to table: "assignments"
CREATE INDEX `assignment_relationship_id` ON `assignments` (`relationship_id`);
-- Create index "assignment_role_id" to table: "assignments"
CREATE INDEX `assignment_role_id` ON `assignments` (`role_id`);
-- Create "audit_events" table
CREATE TABLE `audit_events` (`id` text NOT NULL, `at` datetime NOT NULL, `action` text NOT NULL, `tenant_id` text NULL, `other_tenant_id` text NULL, `actor_id` text NULL, `actor_name` text NULL, `actor_tenant_id` text NULL, `actor_tenant_name` text NULL, `actor_tenant_kind` text NULL, `on_behalf_of_name` text NULL, `on_behalf_of_kind` text NULL, `relationship_id` text NULL, `target_id` text NULL, `target_name` text NULL, `changes` json NULL, `reason` text NULL, `request_id` text NULL, `address` text NULL, PRIMARY KEY (`id`));
-- Create index "auditevent_tenant_id_at_id" to table: "audit_events"
CREATE INDEX `auditevent_tenant_id_at_id` ON `audit_events` (`tenant_id`, `at`, `id`);
-- Create index "auditevent_other_tenant_id_at_id" to table: "audit_events"
CREATE INDEX `auditevent_other_tenant_id_at_id` ON `audit_events` (`other_tenant_id`, `at`, `id`);
-- Create index "auditevent_actor_id_at_id" to table: "audit_events"
CREATE INDEX `auditevent_actor_id_at_id` ON `audit_events` (`actor_id`, `at`, `id`);
-- Create "features" table
CREATE TABLE `features` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `key` text NOT NULL, `name` text NOT NULL, `none_label` text NOT NULL, `view_label` text NOT NULL, `manage_label` text NOT NULL, `position` integer NOT NULL, `retired` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`));
-- Create index "features_key_key" to table: "features"
CREATE UNIQUE INDEX `features_key_key` ON `features` (`key`);
-- Create "invitations" table
CREATE TABLE `invitations` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `partner_name` text NOT NULL, `partner_type` text NOT NULL, `partner_code` text NOT NULL, `customer_name` text NULL, `customer_account_number` text NULL, `direction` text NOT NULL, `channel` text NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `email` text NULL, `email_canonical` text NULL, `message` text NULL, `decline_reason` text NULL, `expires_at` datetime NOT NULL, `valid_hours` integer NOT NULL, `access_ends_at` datetime NULL, `send_count` integer NOT NULL DEFAULT (0), `last_sent_at` datetime NULL, `undeliverable` bool NOT NULL DEFAULT (false), `relationship_id` text NULL, `sender_id` text NULL, `token_hash` text NULL, `pending_email_key` text NULL, `pending_customer_key` text NULL, `partner_id` text NOT NULL, `customer_id` text NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `invitations_tenants_partner_tenant` FOREIGN KEY (`partner_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `invitations_tenants_customer_tenant` FOREIGN KEY (`customer_id`) REFERENCES `tenants` (`id`) ON DELETE SET NULL, CONSTRAINT `invitations_roles_offer` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Create index "invitations_token_hash_key" to table: "invitations"
CREATE UNIQUE INDEX `invitations_token_hash_key` ON `invitations` (`token_hash`);
-- Create index "invitations_pending_email_key_key" to table: "invitations"
CREATE UNIQUE INDEX `invitations_pending_email_key_key` ON `invitations` (`pending_email_key`);
-- Create index "invitations_pending_customer_key_key" to table: "invitations"
CREATE UNIQUE INDEX `invitations_pending_customer_key_key` ON `invitations` (`pending_customer_key`);
-- Create index "invitation_partner_id_id" to table: "invitations"
CREATE INDEX `invitation_partner_id_id` ON `invitations` (`partner_id`, `id`);
-- Create index "invitation_customer_id_id" to table: "invitations"
CREATE INDEX `invitation_customer_id_id` ON `invitations` (`customer_id`, `id`);
-- Create index "invitation_email_canonical_id" to table: "invitations"
CREATE INDEX `invitation_email_canonical_id` ON `invitations` (`email_canonical`, `id`);
-- Create index "invitation_relationship_id" to table: "invitations"
CREATE INDEX `invitation_relationship_id` ON `invitations` (`relationship_id`);
-- Create index "invitation_role_id" to table: "invitations"
CREATE INDEX `invitation_role_id` ON `invitations` (`role_id`);
-- Create "members" table
CREATE TABLE `members` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `first_name` text NOT NULL, `last_name` text NOT NULL, `sort_name` text NOT NULL, `handle` text NOT NULL, `label` text NOT NULL, `phone` text NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `guest` bool NOT NULL DEFAULT (false), `administrator` bool NOT NULL DEFAULT (false), `last_signed_in_at` datetime NULL, `role_id` text NULL, `tenant_id` text NOT NULL, `user_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `members_roles_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE SET NULL, CONSTRAINT `members_tenants_members` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `members_users_members` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "member_tenant_id_user_id" to table: "members"
CREATE UNIQUE INDEX `member_tenant_id_user_id` ON `members` (`tenant_id`, `user_id`);
-- Create index "member_tenant_id_handle" to table: "members"
CREATE UNIQUE INDEX `member_tenant_id_handle` ON `members` (`tenant_id`, `handle`);
-- Create index "member_tenant_id_sort_name_id" to table: "members"
CREATE INDEX `member_tenant_id_sort_name_id` ON `members` (`tenant_id`, `sort_name`, `id`);
-- Create index "member_tenant_id_administrator_status" to table: "members"
CREATE INDEX `member_tenant_id_administrator_status` ON `members` (`tenant_id`, `administrator`, `status`);
-- Create index "member_user_id_status_tenant_id" to table: "members"
CREATE INDEX `member_user_id_status_tenant_id` ON `members` (`user_id`, `status`, `tenant_id`);
-- Create "member_permissions" table
CREATE TABLE `member_permissions` (`id` text NOT NULL, `tenant_id` text NOT NULL, `feature` text NOT NULL, `level` integer NOT NULL, `member_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `member_permissions_members_permissions` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE NO ACTION);
-- Create index "memberpermission_member_id_feature" to table: "member_permissions"
CREATE UNIQUE INDEX `memberpermission_member_id_feature` ON `member_permissions` (`member_id`, `feature`);
-- Create "one_time_tokens" table
CREATE TABLE `one_time_tokens` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `purpose` text NOT NULL, `hash` text NOT NULL, `expires_at` datetime NOT NULL, `used_at` datetime NULL, `user_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `one_time_tokens_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- Create index "one_time_tokens_hash_key" to table: "one_time_tokens"
CREATE UNIQUE INDEX `one_time_tokens_hash_key` ON `one_time_tokens` (`hash`);
-- Create index "onetimetoken_user_id_purpose" to table: "one_time_tokens"
CREATE INDEX `onetimetoken_user_id_purpose` ON `one_time_tokens` (`user_id`, `purpose`);
-- Create "outbox_messages" table
CREATE TABLE `outbox_messages` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `kind` text NOT NULL, `recipient` text NOT NULL, `recipient_canonical` text NOT NULL, `partner_id` text NULL, `invitation_id` text NULL, `subject` text NOT NULL, `text` text NOT NULL, `html` text NOT NULL, `secret` bool NOT NULL DEFAULT (false), `status` text NOT NULL DEFAULT ('PENDING'), `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `sent_at` datetime NULL, `last_error` text NULL, PRIMARY KEY (`id`));
-- Create index "outboxmessage_status_next_attempt_at" to table: "outbox_messages"
CREATE INDEX `outboxmessage_status_next_attempt_at` ON `outbox_messages` (`status`, `next_attempt_at`);
-- Create index "outboxmessage_recipient_canonical_kind_created_at" to table: "outbox_messages"
CREATE INDEX `outboxmessage_recipient_canonical_kind_created_at` ON `outbox_messages` (`recipient_canonical`, `kind`, `created_at`);
-- Create index "outboxmessage_invitation_id" to table: "outbox_messages"
CREATE INDEX `outboxmessage_invitation_id` ON `outbox_messages` (`invitation_id`);
-- Create "partners" table
CREATE TABLE `partners` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `type` text NOT NULL, `code` text NOT NULL, `link_key` text NOT NULL, `recognized` bool NOT NULL DEFAULT (false), `tenant_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `partners_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION);
-- Create index "partners_code_key" to table: "partners"
CREATE UNIQUE INDEX `partners_code_key` ON `partners` (`code`);
-- Create index "partners_link_key_key" to table: "partners"
CREATE UNIQUE INDEX `partners_link_key_key` ON `partners` (`link_key`);
-- Create index "partner_tenant_id" to table: "partners"
CREATE UNIQUE INDEX `partner_tenant_id` ON `partners` (`tenant_id`);
-- Create "relationships" table
CREATE TABLE `relationships` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `partner_name` text NOT NULL, `partner_type` text NOT NULL, `partner_code` text NOT NULL, `customer_name` text NULL, `customer_account_number` text NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `active_customer_id` text NULL, `starts_at` datetime NOT NULL, `ends_at` datetime NULL, `auto_extend_days` integer NULL, `suspended_by_partner` bool NOT NULL DEFAULT (false), `suspended_by_customer` bool NOT NULL DEFAULT (false), `suspended_by_operator` bool NOT NULL DEFAULT (false), `ended_at` datetime NULL, `ended_by` text NULL, `end_reason` text NULL, `partner_id` text NOT NULL, `customer_id` text NOT NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `relationships_tenants_partner_tenant` FOREIGN KEY (`partner_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `relationships_tenants_customer_tenant` FOREIGN KEY (`customer_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION, CONSTRAINT `relationships_roles_ceiling` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
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
-- Create "roles" table
CREATE TABLE `roles` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `tenant_id` text NULL, `key` text NULL, `name` text NOT NULL, PRIMARY KEY (`id`));
-- Create index "role_tenant_id_name" to table: "roles"
CREATE UNIQUE INDEX `role_tenant_id_name` ON `roles` (`tenant_id`, `name`);
-- Create index "role_key" to table: "roles"
CREATE UNIQUE INDEX `role_key` ON `roles` (`key`);
-- Create "role_permissions" table
CREATE TABLE `role_permissions` (`id` text NOT NULL, `tenant_id` text NOT NULL, `feature` text NOT NULL, `level` integer NOT NULL, `role_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `role_permissions_roles_permissions` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION);
-- Create index "rolepermission_role_id_feature" to table: "role_permissions"
CREATE UNIQUE INDEX `rolepermission_role_id_feature` ON `role_permissions` (`role_id`, `feature`);
-- Create index "rolepermission_feature_level_role_id" to table: "role_permissions"
CREATE INDEX `rolepermission_feature_level_role_id` ON `role_permissions` (`feature`, `level`, `role_id`);
-- Create "sessions" table
CREATE TABLE `sessions` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `token_hash` text NOT NULL, `started_at` datetime NOT NULL, `authenticated_at` datetime NOT NULL, `last_seen_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `ended_at` datetime NULL, `address` text NULL, `user_agent` text NULL, `home_tenant_id` text NULL, `relationship_id` text NULL, `parent_id` text NULL, `user_id` text NOT NULL, `entered_tenant_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `sessions_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `sessions_tenants_entered_into` FOREIGN KEY (`entered_tenant_id`) REFERENCES `tenants` (`id`) ON DELETE SET NULL);
-- Create index "sessions_token_hash_key" to table: "sessions"
CREATE UNIQUE INDEX `sessions_token_hash_key` ON `sessions` (`token_hash`);
-- Create index "session_user_id_ended_at" to table: "sessions"
CREATE INDEX `session_user_id_ended_at` ON `sessions` (`user_id`, `ended_at`);
-- Create index "session_relationship_id" to table: "sessions"
CREATE INDEX `session_relationship_id` ON `sessions` (`relationship_id`);
-- Create index "session_parent_id" to table: "sessions"
CREATE INDEX `session_parent_id` ON `sessions` (`parent_id`);
-- Create "tenants" table
CREATE TABLE `tenants` (`id` text NOT NULL, `version` integer NOT NULL DEFAULT (1), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL, `sort_name` text NOT NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `partner_id` text NULL, `account_number` text NULL, `email` text NULL, `street` text NULL, `city` text NULL, `region` text NULL, `postal_code` text NULL, `country` text NULL, `service_activated_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "tenants_page" to table: "tenants"
CREATE INDEX `tenants_page` ON `tenants` (`sort_name`, `id`);
-- Create index "tenants_kind_page" to table: "tenants"
CREATE INDEX `tenants_kind_page` ON `tenants` (`kind`, `sort_name`, `id`);
-- Create index "tenants_partner_page" to table: "tenants"
CREATE INDEX `tenants_partner_page` ON `tenants` (`partner_id`, `sort_name`, `id`);
-- Create "tenant_tags" table
CREATE TABLE `tenant_tags` (`id` text NOT NULL, `tag` text NOT NULL, `tenant_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `tenant_tags_tenants_tenant_tags` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION);
-- Create index "tenanttag_tenant_id_tag" to table: "tenant_tags"
CREATE UNIQUE INDEX `tenanttag_tenant_id_tag` ON `tenant_tags` (`tenant_id`, `tag`);
-- Create index "tenanttag_tag_tenant_id" to table: "tenant_tags"
CREATE INDEX `tenanttag_tag_tenant_id` ON `tenant_tags` (`tag`, `tenant_id`);
-- Create "users" table
CREATE TABLE `users` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `email` text NOT NULL, `email_canonical` text NOT NULL, `password_hash` text NULL, `password_changed_at` datetime NULL, PRIMARY KEY (`id`));
-- Create index "users_email_canonical_key" to table: "users"
CREATE UNIQUE INDEX `users_email_canonical_key` ON `users` (`email_canonical`);
