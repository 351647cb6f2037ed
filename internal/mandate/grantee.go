package mandate

import (
	"context"
	"fmt"
	"strings"

	"mandate/ent"
	"mandate/ent/groupmember"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// grantee is who an assignment is given to, and who grants it: a member or a privilege group of a partner, or a tech partner
// of the MSP that manages it.
type grantee struct {
	id, name string
	from     *partnerSide
	partner  *ent.Partner // of a tech partner
	group    bool
}

// grantee reads who is to be assigned, where the viewer manages assignments. Nobody assigns themselves, by a group or a
// tech partner either.
func (t *tx) grantee(ctx context.Context, id string, field ...string) (*grantee, error) {
	switch kind, _, _ := strings.Cut(id, "_"); kind {
	case "prt":
		return t.assignedPartner(ctx, id, field)
	case "grp":
		return t.assignedGroup(ctx, id, field)
	}
	return t.assignedMember(ctx, id, field)
}

// granter holds the tenant that grants, in which the viewer manages assignments by a membership of their own.
func (t *tx) granter(ctx context.Context, tenantID string, field []string) (*partnerSide, error) {
	if _, err := t.needOwn(ctx, tenantID, field, access.Assignments); err != nil {
		return nil, err
	}
	return t.partnerOf(ctx, tenantID)
}

func itself(field []string) *Error {
	return broken(SelfApprovalForbidden, "Nobody assigns themselves.", field...)
}

func (t *tx) assignedMember(ctx context.Context, id string, field []string) (*grantee, error) {
	m, err := t.Member.Query().Where(member.ID(id), member.HasTenantWith(tenant.KindEQ(tenant.KindPartner))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, notFound(field...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the member: %w", err)
	}
	if err := t.hold(ctx, m.TenantID); err != nil {
		return nil, err
	}
	if err := t.sees(ctx, m.TenantID, field, access.Users, access.Assignments); err != nil {
		return nil, err
	}
	from, err := t.granter(ctx, m.TenantID, field)
	if err != nil {
		return nil, err
	}
	if m, err = t.Member.Get(ctx, id); err != nil {
		return nil, fmt.Errorf("read the member: %w", err)
	}
	switch {
	case m.Status != member.StatusActive:
		return nil, notFound(field...)
	case m.UserID == t.viewer.UserID:
		return nil, itself(field)
	case m.Administrator:
		return nil, broken(Invalid, "An administrator already reaches every customer.", field...)
	case m.Guest:
		return nil, broken(Invalid, "A guest cannot be assigned.", field...)
	}
	return &grantee{id: m.ID, name: NameOf(m), from: from}, nil
}

func (t *tx) assignedGroup(ctx context.Context, id string, field []string) (*grantee, error) {
	g, err := t.PrivilegeGroup.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, notFound(field...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the group: %w", err)
	}
	if err := t.hold(ctx, g.TenantID); err != nil {
		return nil, err
	}
	if err := t.sees(ctx, g.TenantID, field, access.Assignments); err != nil {
		return nil, err
	}
	from, err := t.granter(ctx, g.TenantID, field)
	if err != nil {
		return nil, err
	}
	if g, err = t.PrivilegeGroup.Get(ctx, id); ent.IsNotFound(err) {
		return nil, notFound(field...)
	} else if err != nil {
		return nil, fmt.Errorf("read the group: %w", err)
	}
	own, err := t.GroupMember.Query().Where(groupmember.GroupID(id), groupmember.HasMemberWith(member.PresentUserID(t.viewer.UserID))).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("look who is in the group: %w", err)
	}
	if own {
		return nil, itself(field)
	}
	return &grantee{id: g.ID, name: g.Name, from: from, group: true}, nil
}

// assignedPartner reads a tech partner of an MSP in which the viewer manages assignments.
func (t *tx) assignedPartner(ctx context.Context, id string, field []string) (*grantee, error) {
	g, err := t.techPartner(ctx, id, field)
	if err != nil {
		return nil, err
	}
	own, err := t.works(ctx, g.partner.TenantID)
	if err != nil {
		return nil, err
	}
	if own {
		return nil, itself(field)
	}
	return g, nil
}

// techPartner is assignedPartner for whoever takes something back, which people do from their own organisation, too.
func (t *tx) techPartner(ctx context.Context, id string, field []string) (*grantee, error) {
	p, err := t.Partner.Query().Where(partner.ID(id), partner.HasTenantWith(tenant.ManagedByIDNotNil())).WithTenant().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, notFound(field...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the tech partner: %w", err)
	}
	manager := *p.Edges.Tenant.ManagedByID
	if err := t.hold(ctx, manager, p.TenantID); err != nil {
		return nil, err
	}
	if err := t.sees(ctx, p.TenantID, field, access.Partners); err != nil {
		return nil, err
	}
	from, err := t.granter(ctx, manager, field)
	if err != nil {
		return nil, err
	}
	tn, err := t.tenant(ctx, p.TenantID)
	if err != nil {
		return nil, fmt.Errorf("read the tech partner: %w", err)
	}
	return &grantee{id: p.ID, name: tn.Name, from: from, partner: p}, nil
}

// works reports whether the viewer is a member of the tenant, active or not.
func (t *tx) works(ctx context.Context, tenantID string) (bool, error) {
	is, err := t.Member.Query().Where(member.TenantID(tenantID), member.PresentUserID(t.viewer.UserID)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the viewer: %w", err)
	}
	return is, nil
}
