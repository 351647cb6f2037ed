-- Modify "member_permissions" table
ALTER TABLE `member_permissions` ADD INDEX `memberpermission_feature` (`feature`);
