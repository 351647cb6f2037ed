-- Create index "memberpermission_feature" to table: "member_permissions"
CREATE INDEX `memberpermission_feature` ON `member_permissions` (`feature`);
