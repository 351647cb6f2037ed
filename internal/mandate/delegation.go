package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupmember"
	"mandate/ent/member"
	"mandate/ent/privilegegroup"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/ent/session"
	"mandate/internal/access"
)

// delegation is somebody of an MSP who is to work in a tech partner's tenant, cleaned and decided about.
type delegation struct {
	granteeID, name string
	role            namedRole
	standing        *ent.Assignment // that stands already, and stays as it is
}

// delegating is a tech partner's tenant as one of its MSP's people delegates it.
type delegating struct {
	tenant   *ent.Tenant
	msp      *partnerSide
	self     *ent.Member       // the viewer, in the MSP
	reach    *rule.Reach       // of the viewer, in the tech partner's tenant
	standing []*ent.Assignment // there now or later
	over     []string
}

// SetMspDelegations saves who of an MSP's people works in the tenant of one of its tech partners: members with a system role
// each, and privilege groups with their own. What is not named is taken back, what is named anew is given, and what stands
// unchanged stays as it is, whoever gave it. For people with ASSIGNMENTS MANAGE by a membership of their own in the MSP who
// reach the tech partner; in a session of their own.
//
// Errors name the row. LIMIT_EXCEEDED, NOT_FOUND, CONFLICT for one named twice, SELF_APPROVAL_FORBIDDEN for oneself or a
// group that one is in, INVALID for an administrator, a guest or another role, ROLE_EXCEEDS_GRANT for more than the viewer
// holds there.
func (s *Service) SetMspDelegations(ctx context.Context, cmd SetMspDelegations) (p *ent.Partner, saved []*ent.Assignment, err error) {
	faults := those(atMost(len(cmd.Members), mostAtOnce, "members", "members"),
		atMost(len(cmd.PrivilegeGroupIDs), mostAtOnce, "privilege groups", "privilegeGroupIds"))
	if faults != nil {
		return nil, nil, faults
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		d, err := t.delegating(ctx, cmd.TenantID)
		if err != nil {
			return err
		}
		members, faults, err := t.delegatedMembers(ctx, d, cmd.Members)
		if err != nil {
			return err
		}
		groups, more, err := t.delegatedGroups(ctx, d, cmd.PrivilegeGroupIDs)
		if err != nil {
			return err
		}
		if faults = append(faults, more...); len(faults) > 0 {
			return faults
		}
		side, err := t.partnerOf(ctx, d.tenant.ID)
		if err != nil {
			return err
		}
		p, saved = side.Partner, nil
		rows := append(members, groups...)
		if d.stands(rows) {
			for _, row := range rows {
				saved = append(saved, row.standing)
			}
			return nil
		}
		e := event{action: "delegation.saved", tenant: d.tenant.ID, other: d.msp.tenant.ID, target: p.ID, targetName: d.tenant.Name, actor: d.self}
		if saved, e.changes, err = t.delegate(ctx, d, rows); err != nil {
			return err
		}
		if err := t.endUnreached(ctx, session.EnteredTenantID(d.tenant.ID)); err != nil {
			return err
		}
		return t.record(ctx, e)
	}, &p, &saved)
	return p, saved, err
}

// delegating reads and locks a tech partner's tenant and its MSP's, where the viewer delegates. To whoever sees a tenant and
// does not manage the assignments of an MSP that manages it the answer is the same for every tenant.
func (t *tx) delegating(ctx context.Context, tenantID string) (*delegating, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	tn, err := t.tenant(ctx, tenantID)
	if ent.IsNotFound(err) {
		return nil, notFound("tenantId")
	}
	if err != nil {
		return nil, err
	}
	managerID := orZero(tn.ManagedByID)
	if err := t.lock(ctx, tn.ID, managerID); err != nil {
		return nil, err
	}
	d := new(delegating)
	if d.reach, err = t.reach(ctx, tn.ID, []string{"tenantId"}); err != nil {
		return nil, err
	}
	own, err := t.owns(ctx, managerID)
	if err != nil {
		return nil, err
	}
	if own.At(access.Assignments) < access.Manage {
		return nil, ErrForbidden
	}
	if d.tenant, err = t.tenant(ctx, tn.ID); err != nil {
		return nil, err
	}
	if d.msp, err = t.partnerOf(ctx, managerID); err != nil {
		return nil, err
	}
	if d.self, err = t.ownMember(ctx, managerID); err != nil {
		return nil, err
	}
	return d, t.standingDelegations(ctx, d)
}

// standingDelegations reads what is delegated now or later, and what the clock has ended: it still holds its place.
func (t *tx) standingDelegations(ctx context.Context, d *delegating) error {
	open, err := t.Assignment.Query().Where(assignment.TenantID(d.tenant.ID), assignment.GranterID(d.msp.tenant.ID), assignment.OpenKeyNotNil()).
		Order(assignment.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read delegations: %w", err)
	}
	for _, a := range open {
		if AssignmentStatus(a, t.now) == assignment.StatusExpired {
			d.over = append(d.over, a.ID)
		} else {
			d.standing = append(d.standing, a)
		}
	}
	return nil
}

// of finds what is delegated to somebody; nil for nothing.
func (d *delegating) of(granteeID string) *ent.Assignment {
	for _, a := range d.standing {
		if a.GranteeID == granteeID {
			return a
		}
	}
	return nil
}

// stands reports whether what is saved is what stands already: nobody is named twice.
func (d *delegating) stands(rows []delegation) bool {
	return len(rows) == len(d.standing) && !slices.ContainsFunc(rows, func(row delegation) bool { return row.standing == nil })
}

// as makes somebody a delegation, which stays as it is where it stands with the same role.
func (d *delegating) as(granteeID, name string, r namedRole) delegation {
	out := delegation{granteeID: granteeID, name: name, role: r}
	if a := d.of(granteeID); a != nil && a.RoleID == r.id {
		out.standing = a
	}
	return out
}

// delegable are the roles that a member is given in a tech partner's tenant.
var delegable = []role.Key{role.KeyPRIME_ADMIN, role.KeyADMINISTRATOR, role.KeyGUEST_MANAGER, role.KeyREAD_ONLY}

// delegatedMembers checks every member, and tells all that is wrong at once.
func (t *tx) delegatedMembers(ctx context.Context, d *delegating, list []*MspDelegation) (rows []delegation, faults Errors, err error) {
	ids := make([]string, len(list))
	for i, in := range list {
		ids[i] = in.MemberID
	}
	found, err := t.Member.Query().Where(member.IDIn(ids...), member.TenantID(d.msp.tenant.ID), member.StatusNEQ(member.StatusRemoved)).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read members: %w", err)
	}
	byID := keyed(found, func(m *ent.Member) string { return m.ID })
	for i, in := range list {
		at := []string{"members", strconv.Itoa(i)}
		m := byID[in.MemberID]
		if m == nil {
			faults = append(faults, notFound(at...))
			continue
		}
		row := d.as(m.ID, NameOf(m), systemRole(access.RoleKey(in.RoleKey)))
		rows = append(rows, row)
		switch {
		case slices.Contains(ids[:i], m.ID):
			faults = append(faults, broken(Conflict, "The member is named twice.", at...))
		case row.standing != nil: // nothing is given
		case m.Status != member.StatusActive:
			faults = append(faults, notFound(at...))
		case m.UserID == t.viewer.UserID:
			faults = append(faults, broken(SelfApprovalForbidden, "Nobody delegates a tech partner to themselves.", at...))
		case m.Administrator:
			faults = append(faults, broken(Invalid, "An administrator of the MSP reaches its tech partners already.", at...))
		case m.Guest:
			faults = append(faults, broken(Invalid, "A tech partner is not delegated to a guest.", at...))
		case !slices.Contains(delegable, in.RoleKey):
			faults = append(faults, broken(Invalid, "The role is Prime Admin, Administrator, Guest Manager or Read-Only.", at...))
		case !row.role.levels.Within(d.reach.Levels):
			faults = append(faults, broken(RoleExceedsGrant, tooMuch, at...))
		}
	}
	return rows, faults, nil
}

// delegatedGroups is delegatedMembers for privilege groups, which have a role of their own.
func (t *tx) delegatedGroups(ctx context.Context, d *delegating, ids []string) (rows []delegation, faults Errors, err error) {
	found, err := t.PrivilegeGroup.Query().Where(privilegegroup.IDIn(ids...), privilegegroup.TenantID(d.msp.tenant.ID)).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read privilege groups: %w", err)
	}
	byID := keyed(found, func(g *ent.PrivilegeGroup) string { return g.ID })
	own, err := t.GroupMember.Query().Where(groupmember.MemberID(d.self.ID)).Select(groupmember.FieldGroupID).Strings(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the viewer's groups: %w", err)
	}
	for i, id := range ids {
		at := []string{"privilegeGroupIds", strconv.Itoa(i)}
		g := byID[id]
		if g == nil {
			faults = append(faults, notFound(at...))
			continue
		}
		r, err := t.roleOf(ctx, g.RoleID)
		if err != nil {
			return nil, nil, err
		}
		row := d.as(g.ID, g.Name, r)
		rows = append(rows, row)
		switch {
		case slices.Contains(ids[:i], id):
			faults = append(faults, broken(Conflict, "The privilege group is named twice.", at...))
		case row.standing != nil: // nothing is given
		case slices.Contains(own, id):
			faults = append(faults, broken(SelfApprovalForbidden, "Nobody delegates a tech partner to a group that they are in.", at...))
		case !r.levels.Within(d.reach.Levels):
			faults = append(faults, broken(RoleExceedsGrant, tooMuch, at...))
		}
	}
	return rows, faults, nil
}

// delegate makes the saved set what there is, and tells what changed.
func (t *tx) delegate(ctx context.Context, d *delegating, rows []delegation) (saved []*ent.Assignment, changes []access.Change, err error) {
	named, kept := make(map[string]bool, len(rows)), make(map[string]bool)
	var create []*ent.AssignmentCreate
	for _, row := range rows {
		named[row.granteeID] = true
		if row.standing != nil {
			kept[row.standing.ID] = true
			saved = append(saved, row.standing)
			continue
		}
		before, err := t.roleBefore(ctx, d.of(row.granteeID))
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, change(row.name, before, row.role.name)...)
		create = append(create, t.newDelegation(d, row))
	}
	gone := d.over
	for _, a := range d.standing {
		if kept[a.ID] {
			continue
		}
		gone = append(gone, a.ID)
		if !named[a.GranteeID] {
			before, err := t.roleBefore(ctx, a)
			if err != nil {
				return nil, nil, err
			}
			changes = append(changes, change(a.GranteeName, before, "")...)
		}
	}
	if err := t.endAssignments(ctx, assignment.IDIn(gone...)); err != nil {
		return nil, nil, err
	}
	made, err := t.Assignment.CreateBulk(create...).Save(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("delegate: %w", err)
	}
	return append(saved, made...), changes, nil
}

// newDelegation begins an assignment in a tech partner's tenant. It rests on no relationship, and has no end.
func (t *tx) newDelegation(d *delegating, row delegation) *ent.AssignmentCreate {
	return t.Assignment.Create().SetGranterID(d.msp.tenant.ID).SetTenantID(d.tenant.ID).SetTenantSortName(d.tenant.SortName).
		SetGranteeID(row.granteeID).SetGranteeName(row.name).SetRoleID(row.role.id).SetStartsAt(t.now).SetOpenKey(openKey(row.granteeID, d.tenant.ID, d.msp.tenant.ID)).
		SetPartnerName(d.msp.tenant.Name).SetPartnerType(string(d.msp.Type)).SetPartnerCode(d.msp.Code).
		SetCustomerName(d.tenant.Name).SetNillableCustomerAccountNumber(d.tenant.AccountNumber)
}

// roleBefore names the role that a delegation gave; "" for none.
func (t *tx) roleBefore(ctx context.Context, a *ent.Assignment) (string, error) {
	if a == nil {
		return "", nil
	}
	r, err := t.roleOf(ctx, a.RoleID)
	return r.name, err
}
