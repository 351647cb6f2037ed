package mandate

import (
	"cmp"
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupcustomer"
	"mandate/ent/groupmember"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/privilegegroup"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/database"
)

// CreatePrivilegeGroup makes a partner's group of its members, with one role over all its customers or over listed ones.
// The role is at most what the viewer's own membership in the partner gives; each customer's ceiling limits it there.
//
// NOT_FOUND for the tenant, a role, a member or a customer; INVALID for a tenant that holds no relationships, and for
// customers of a group over all; CONFLICT for a name that is taken and for what is named twice; ROLE_EXCEEDS_GRANT,
// SELF_APPROVAL_FORBIDDEN, LIMIT_EXCEEDED, REQUIRED, TOO_LONG.
func (s *Service) CreatePrivilegeGroup(ctx context.Context, cmd CreatePrivilegeGroup) (g *ent.PrivilegeGroup, err error) {
	name, wrongName := oneLine(cmd.Name, mostName, "name")
	description, wrongText := paragraph(cmd.Description, 500, "description")
	faults := those(wrongName, wrongText, atMost(len(cmd.MemberIDs), mostAtOnce, "members", "memberIds"),
		atMost(len(cmd.CustomerIDs), mostListed, "customers", "customerIds"))
	if faults != nil {
		return nil, faults
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		own, err := t.grouping(ctx, cmd.TenantID, "tenantId")
		if err != nil {
			return err
		}
		if err := t.holdsRelationships(ctx, cmd.TenantID, "tenantId"); err != nil {
			return err
		}
		var c regrouping
		if c.role, err = t.role(ctx, cmd.TenantID, cmd.RoleID, cmd.RoleKey); err != nil {
			return err
		}
		if !c.role.levels.Within(own.levels) {
			return groupExceeds(grantInput{roleID: cmd.RoleID, roleKey: cmd.RoleKey}.field())
		}
		if cmd.Scope == privilegegroup.ScopeAllCustomers && len(cmd.CustomerIDs) > 0 {
			return listsNone("customerIds")
		}
		if c.added.customers, err = t.groupable(ctx, cmd.TenantID, cmd.CustomerIDs, "customerIds"); err != nil {
			return err
		}
		if c.added.members, err = t.enlistable(ctx, own, cmd.MemberIDs, "memberIds"); err != nil {
			return err
		}
		g, err = t.PrivilegeGroup.Create().SetTenantID(cmd.TenantID).SetName(name).SetNillableDescription(description).
			SetScope(cmd.Scope).SetRoleID(c.role.id).Save(ctx)
		if err != nil {
			return groupUnwritten(err)
		}
		if err := t.fillGroup(ctx, g, c.added); err != nil {
			return err
		}
		e := event{action: "privilege_group.created", tenant: g.TenantID, target: g.ID, targetName: g.Name}
		e.changes = append(change("role", "", c.role.name), change("scope", "", string(g.Scope))...)
		e.changes = append(e.changes, c.added.changes(true)...)
		return t.record(ctx, e)
	}, &g)
	return g, err
}

// UpdatePrivilegeGroup changes a group, for everybody in it, from their next request on. What the viewer does not hold they
// neither give it nor give to others by it, and nobody who is in a group raises or widens it.
//
// NOT_FOUND, STALE_VERSION, PRIVILEGE_GROUP_NAME_LOCKED for a group with members; otherwise as for creating one.
func (s *Service) UpdatePrivilegeGroup(ctx context.Context, cmd UpdatePrivilegeGroup) (g *ent.PrivilegeGroup, err error) {
	name, wrongName := otherLine(cmd.Name, mostName, "name")
	description, wrongText := paragraph(cmd.Description, 500, "description")
	faults := those(wrongName, wrongText,
		atMost(len(cmd.AddMemberIDs), mostAtOnce, "members", "addMemberIds"), atMost(len(cmd.AddCustomerIDs), mostListed, "customers", "addCustomerIds"),
		atMost(len(cmd.RemoveMemberIDs), mostAtOnce, "members", "removeMemberIds"), atMost(len(cmd.RemoveCustomerIDs), mostListed, "customers", "removeCustomerIds"))
	if faults != nil {
		return nil, faults
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		row, own, err := t.group(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if err := fresh(cmd.Version, row.Version); err != nil {
			return err
		}
		c := regrouping{name: cmp.Or(orZero(name), row.Name), description: row.Description, scope: row.Scope}
		if cmd.Description != nil {
			c.description = description
		}
		if err := t.regroup(ctx, cmd, row, own, &c); err != nil {
			return err
		}
		g = row
		changes := c.changes(row)
		if len(changes) == 0 {
			return nil
		}
		entered, err := t.enteredBy(ctx, row.ID)
		if err != nil {
			return err
		}
		if g, err = t.applyGroup(ctx, row, c); err != nil {
			return err
		}
		if err := t.endUnreached(ctx, entered...); err != nil {
			return err
		}
		return t.record(ctx, event{action: "privilege_group.updated", tenant: g.TenantID, target: g.ID, targetName: g.Name, changes: changes})
	}, &g)
	return g, err
}

// applyGroup writes a change of a group that was decided about. Delegations to tech partners carry the group's name, and
// those with the group's role its role, and follow it. One with a role of its own keeps that: it may be less.
func (t *tx) applyGroup(ctx context.Context, row *ent.PrivilegeGroup, c regrouping) (*ent.PrivilegeGroup, error) {
	if err := t.leaveGroup(ctx, row, c); err != nil {
		return nil, err
	}
	if err := t.fillGroup(ctx, row, c.added); err != nil {
		return nil, err
	}
	update := t.PrivilegeGroup.UpdateOne(row).SetName(c.name).SetScope(c.scope).SetRoleID(c.role.id).AddVersion(1)
	if update.SetNillableDescription(c.description); c.description == nil {
		update.ClearDescription()
	}
	after, err := update.Save(ctx)
	if err != nil {
		return nil, groupUnwritten(err)
	}
	if after.RoleID == row.RoleID && after.Name == row.Name {
		return after, nil
	}
	open := []predicate.Assignment{assignment.GranteeID(row.ID), OpenAt(t.now)}
	if err := t.Assignment.Update().Where(open...).SetGranteeName(after.Name).AddVersion(1).Exec(ctx); err != nil {
		return nil, fmt.Errorf("rename the group's delegations: %w", err)
	}
	err = t.Assignment.Update().Where(append(open, assignment.RoleID(row.RoleID))...).SetRoleID(after.RoleID).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("change the group's delegations: %w", err)
	}
	return after, nil
}

// DeletePrivilegeGroup deletes a group, with what its members reached by it: its places, its list, and its delegations to
// tech partners.
//
// NOT_FOUND.
func (s *Service) DeletePrivilegeGroup(ctx context.Context, cmd DeletePrivilegeGroup) (deleted *string, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		deleted = nil
		g, _, err := t.group(ctx, cmd.ID)
		if err != nil {
			return err
		}
		entered, err := t.enteredBy(ctx, g.ID)
		if err != nil {
			return err
		}
		e := event{action: "privilege_group.deleted", tenant: g.TenantID, target: g.ID, targetName: g.Name}
		delegations, err := t.Assignment.Query().Where(assignment.GranteeID(g.ID), OpenAt(t.now)).All(ctx)
		if err != nil {
			return fmt.Errorf("read the group's delegations: %w", err)
		}
		for _, a := range delegations {
			e.changes = append(e.changes, change("delegation", orZero(a.CustomerName), "")...)
		}
		if err := t.endAssignments(ctx, assignment.GranteeID(g.ID)); err != nil {
			return err
		}
		if _, err := t.GroupMember.Delete().Where(groupmember.GroupID(g.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("empty the group: %w", err)
		}
		if _, err := t.GroupCustomer.Delete().Where(groupcustomer.GroupID(g.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("empty the group's list: %w", err)
		}
		if err := t.PrivilegeGroup.DeleteOne(g).Exec(ctx); err != nil {
			return fmt.Errorf("delete the group: %w", err)
		}
		if err := t.endUnreached(ctx, entered...); err != nil {
			return err
		}
		deleted = &g.ID
		return t.record(ctx, e)
	}, &deleted)
	return deleted, err
}

// ownGrouping is what the viewer's own membership gives in the partner whose groups they manage.
type ownGrouping struct {
	home   *rule.Membership
	levels access.Levels
}

// grouping locks a partner's tenant, and checks that the viewer manages its groups: ASSIGNMENTS MANAGE by a membership of
// their own, in a session of their own.
func (t *tx) grouping(ctx context.Context, tenantID string, field string) (ownGrouping, error) {
	if err := t.person(); err != nil {
		return ownGrouping{}, err
	}
	if err := t.lock(ctx, tenantID); err != nil {
		return ownGrouping{}, err
	}
	reach, err := t.needOwn(ctx, tenantID, []string{field}, access.Assignments)
	if err != nil {
		return ownGrouping{}, err
	}
	home, err := t.access.Home(ctx, tenantID)
	return ownGrouping{home, reach.Own()}, err
}

// group reads and locks a group that the viewer manages.
func (t *tx) group(ctx context.Context, id string) (*ent.PrivilegeGroup, ownGrouping, error) {
	if err := t.person(); err != nil {
		return nil, ownGrouping{}, err
	}
	g, err := t.PrivilegeGroup.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, ownGrouping{}, notFound("id")
	}
	if err != nil {
		return nil, ownGrouping{}, fmt.Errorf("read the group: %w", err)
	}
	if err := t.lock(ctx, g.TenantID); err != nil {
		return nil, ownGrouping{}, err
	}
	if err := t.sees(ctx, g.TenantID, []string{"id"}, access.Assignments); err != nil {
		return nil, ownGrouping{}, err
	}
	own, err := t.grouping(ctx, g.TenantID, "id")
	if err != nil {
		return nil, ownGrouping{}, err
	}
	if g, err = t.PrivilegeGroup.Get(ctx, id); ent.IsNotFound(err) {
		return nil, ownGrouping{}, notFound("id") // deleted while the lock was awaited
	}
	return g, own, err
}

// holdsRelationships fails for a tenant that is none of a partner which can have customers of its own.
func (t *tx) holdsRelationships(ctx context.Context, tenantID, field string) error {
	holds, err := t.Partner.Query().
		Where(partner.TenantID(tenantID), partner.TypeIn(partner.TypeMSP, partner.TypeReseller, partner.TypeSupport)).Exist(ctx)
	if err == nil && !holds {
		err = broken(Invalid, "Only a partner with customers of its own has privilege groups.", field)
	}
	return err
}

func groupExceeds(field string) *Error {
	return broken(RoleExceedsGrant, "You can give a group no more than you hold yourself.", field)
}

func listsNone(field string) *Error {
	return broken(Invalid, "A group over all customers lists none.", field)
}

// groupUnwritten says why a group could not be written.
func groupUnwritten(err error) error {
	if database.IsDuplicate(err) {
		return broken(Conflict, "There is a group with this name already.", "name")
	}
	return fmt.Errorf("write the group: %w", err)
}
