-- Create "api_tokens" table
CREATE TABLE `api_tokens` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `tenant_id` text NOT NULL, `user_id` text NOT NULL, `name` text NOT NULL, `prefix` text NOT NULL, `token_hash` text NOT NULL, `scopes` json NOT NULL, `all_tenants` bool NOT NULL, `expires_at` datetime NOT NULL, `last_used_at` datetime NULL, `revoked_at` datetime NULL, `member_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `api_tokens_members_member` FOREIGN KEY (`member_id`) REFERENCES `members` (`id`) ON DELETE NO ACTION);
-- Create index "api_tokens_token_hash_key" to table: "api_tokens"
CREATE UNIQUE INDEX `api_tokens_token_hash_key` ON `api_tokens` (`token_hash`);
-- Create index "apitoken_tenant_id_id" to table: "api_tokens"
CREATE INDEX `apitoken_tenant_id_id` ON `api_tokens` (`tenant_id`, `id`);
-- Create index "apitoken_user_id_id" to table: "api_tokens"
CREATE INDEX `apitoken_user_id_id` ON `api_tokens` (`user_id`, `id`);
-- Create index "apitoken_member_id" to table: "api_tokens"
CREATE INDEX `apitoken_member_id` ON `api_tokens` (`member_id`);
-- Create "api_token_tenants" table
CREATE TABLE `api_token_tenants` (`id` text NOT NULL, `token_id` text NOT NULL, `tenant_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `api_token_tenants_api_tokens_token_tenants` FOREIGN KEY (`token_id`) REFERENCES `api_tokens` (`id`) ON DELETE NO ACTION, CONSTRAINT `api_token_tenants_tenants_tenant` FOREIGN KEY (`tenant_id`) REFERENCES `tenants` (`id`) ON DELETE NO ACTION);
-- Create index "apitokentenant_token_id_tenant_id" to table: "api_token_tenants"
CREATE UNIQUE INDEX `apitokentenant_token_id_tenant_id` ON `api_token_tenants` (`token_id`, `tenant_id`);
-- Create index "apitokentenant_tenant_id" to table: "api_token_tenants"
CREATE INDEX `apitokentenant_tenant_id` ON `api_token_tenants` (`tenant_id`);
-- Create "idempotency_records" table
CREATE TABLE `idempotency_records` (`id` text NOT NULL, `principal_key` text NOT NULL, `body_hash` text NOT NULL, `result` json NOT NULL, `at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "idempotency_records_principal_key_key" to table: "idempotency_records"
CREATE UNIQUE INDEX `idempotency_records_principal_key_key` ON `idempotency_records` (`principal_key`);
-- Create index "idempotencyrecord_at" to table: "idempotency_records"
CREATE INDEX `idempotencyrecord_at` ON `idempotency_records` (`at`);
-- Create "sign_in_throttles" table
CREATE TABLE `sign_in_throttles` (`id` text NOT NULL, `subject` text NOT NULL, `failures` integer NOT NULL, `failed_at` datetime NOT NULL, `until` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "sign_in_throttles_subject_key" to table: "sign_in_throttles"
CREATE UNIQUE INDEX `sign_in_throttles_subject_key` ON `sign_in_throttles` (`subject`);
-- Create index "signinthrottle_failed_at" to table: "sign_in_throttles"
CREATE INDEX `signinthrottle_failed_at` ON `sign_in_throttles` (`failed_at`);
