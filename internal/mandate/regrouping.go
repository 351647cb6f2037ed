package mandate

import (
	"context"
	"fmt"
	"slices"

	"mandate/ent"
	"mandate/ent/groupmember"
	"mandate/ent/privilegegroup"
	"mandate/internal/access"
)

// regrouping is a change of a group, decided about.
type regrouping struct {
	name           string
	description    *string
	held, role     namedRole // before and after
	scope          privilegegroup.Scope
	added, removed places
}

// changes lists what changes, for the audit trail.
func (c regrouping) changes(before *ent.PrivilegeGroup) []access.Change {
	list := change("name", before.Name, c.name)
	list = append(list, change("description", orZero(before.Description), orZero(c.description))...)
	list = append(list, change("role", c.held.name, c.role.name)...)
	list = append(list, change("scope", string(before.Scope), string(c.scope))...)
	list = append(list, c.removed.changes(false)...)
	return append(list, c.added.changes(true)...)
}

// regroup decides about a change of a group.
func (t *tx) regroup(ctx context.Context, cmd UpdatePrivilegeGroup, row *ent.PrivilegeGroup, own ownGrouping, c *regrouping) (err error) {
	if c.held, err = t.roleOf(ctx, row.RoleID); err != nil {
		return err
	}
	c.role = c.held
	if cmd.RoleID != nil || cmd.RoleKey != nil {
		if c.role, err = t.role(ctx, row.TenantID, cmd.RoleID, cmd.RoleKey); err != nil {
			return err
		}
	}
	if cmd.Scope != nil {
		c.scope = *cmd.Scope
	}
	switch all := c.scope == privilegegroup.ScopeAllCustomers; {
	case all && len(cmd.AddCustomerIDs) > 0:
		return listsNone("addCustomerIds")
	case all && len(cmd.RemoveCustomerIDs) > 0:
		return listsNone("removeCustomerIds")
	}
	if err := t.nameLocked(ctx, c.name, row); err != nil {
		return err
	}
	if err := t.findPlaces(ctx, cmd, row, own, c); err != nil {
		return err
	}
	return t.mayRegroup(ctx, cmd, row, own, *c)
}

// nameLocked fails for another name of a group that has members: they and others know it by its name.
func (t *tx) nameLocked(ctx context.Context, name string, row *ent.PrivilegeGroup) error {
	if name == row.Name {
		return nil
	}
	peopled, err := t.GroupMember.Query().Where(groupmember.GroupID(row.ID)).Exist(ctx)
	if err == nil && peopled {
		err = broken(PrivilegeGroupNameLocked, "A group that has members keeps its name.", "name")
	}
	return err
}

// findPlaces reads who comes and who goes: what is in its place already, or not in it, is left as it is.
func (t *tx) findPlaces(ctx context.Context, cmd UpdatePrivilegeGroup, row *ent.PrivilegeGroup, own ownGrouping, c *regrouping) error {
	members, err := t.enlistable(ctx, own, cmd.AddMemberIDs, "addMemberIds")
	if err != nil {
		return err
	}
	customers, err := t.groupable(ctx, row.TenantID, cmd.AddCustomerIDs, "addCustomerIds")
	if err != nil {
		return err
	}
	in, err := t.GroupMember.Query().Where(groupmember.GroupID(row.ID),
		groupmember.MemberIDIn(slices.Concat(cmd.AddMemberIDs, cmd.RemoveMemberIDs)...)).WithMember().All(ctx)
	if err != nil {
		return fmt.Errorf("read the group's members: %w", err)
	}
	for _, m := range members {
		if !slices.ContainsFunc(in, func(p *ent.GroupMember) bool { return p.MemberID == m.ID }) {
			c.added.members = append(c.added.members, m)
		}
	}
	for _, p := range in {
		if slices.Contains(cmd.RemoveMemberIDs, p.MemberID) && !slices.Contains(cmd.AddMemberIDs, p.MemberID) {
			c.removed.members = append(c.removed.members, p.Edges.Member)
		}
	}
	listed, err := t.listed(ctx, row.ID, slices.Concat(cmd.AddCustomerIDs, cmd.RemoveCustomerIDs))
	if err != nil {
		return err
	}
	for _, tn := range customers {
		if listed[tn.ID] == nil {
			c.added.customers = append(c.added.customers, tn)
		}
	}
	comes := set(cmd.AddCustomerIDs)
	for _, id := range cmd.RemoveCustomerIDs { // one that the viewer does not reach is to them not there
		if tn := listed[id]; tn != nil && !comes[id] && t.access.Known(ctx, id) != nil {
			c.removed.customers = append(c.removed.customers, tn)
			listed[id] = nil // named twice
		}
	}
	return nil
}

// mayRegroup holds a change of a group against who makes it: nobody gives more than they hold, and nobody raises or widens
// a group that they are in.
func (t *tx) mayRegroup(ctx context.Context, cmd UpdatePrivilegeGroup, row *ent.PrivilegeGroup, own ownGrouping, c regrouping) error {
	role := grantInput{roleID: cmd.RoleID, roleKey: cmd.RoleKey}.field()
	var gives string // the field that gives somebody something
	widens := ""     // the field that gives something to those who are in the group
	switch {
	case c.role.id != c.held.id && !c.role.levels.Within(c.held.levels):
		widens = role
	case c.scope == privilegegroup.ScopeAllCustomers && row.Scope != c.scope:
		widens = "scope"
	case row.Scope == privilegegroup.ScopeSpecificCustomers && len(c.added.customers) > 0:
		widens = "addCustomerIds"
	}
	if gives = widens; gives == "" && c.role.id != c.held.id {
		gives = role
	}
	if gives == "" && len(c.added.members) > 0 {
		gives = "addMemberIds"
	}
	if gives != "" && !c.role.levels.Within(own.levels) {
		return groupExceeds(gives)
	}
	if widens == "" {
		return nil
	}
	in, err := t.GroupMember.Query().Where(groupmember.GroupID(row.ID), groupmember.MemberID(own.home.ID)).Exist(ctx)
	if err == nil && in {
		err = broken(SelfApprovalForbidden, "Nobody raises themselves: you are in this group.", widens)
	}
	return err
}
