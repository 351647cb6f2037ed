package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/partner"
	"mandate/ent/tenant"
)

// IsTechPartner reports whether partners of a type are created and managed by an MSP. They hold no relationships: they neither
// invite nor accept nor create customers, and work for those that their MSP assigns to them.
func IsTechPartner(kind partner.Type) bool {
	return kind == partner.TypeIntegrator || kind == partner.TypeInstaller
}

// CreateTechPartner makes a tech partner of an MSP, and its first administrator, who gets a welcome link. For people with
// PARTNERS MANAGE by a membership of their own in the MSP; in a session of their own.
//
// PARTNER_PERMISSION_REQUIRED unless the partner is a recognised MSP; REQUIRED when the viewer has several partners and
// names none; INVALID for any other type, NOT_FOUND, TOO_LONG, TENANT_SUSPENDED.
func (s *Service) CreateTechPartner(ctx context.Context, cmd CreateTechPartner) (p *ent.Partner, err error) {
	admin, faults := newContact(cmd.AdminFirstName, cmd.AdminLastName, cmd.AdminEmail, [3]string{"adminFirstName", "adminLastName", "adminEmail"})
	name, fault := oneLine(cmd.Name, 200, "name")
	faults = append(faults, those(fault)...)
	if !IsTechPartner(cmd.Type) {
		faults = append(faults, broken(Invalid, "A tech partner is an integrator or an installer.", "type"))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		msp, err := t.ownPartner(ctx, cmd.ManagerID, "managerId")
		if err != nil {
			return err
		}
		if msp.Type != partner.TypeMSP {
			return broken(PartnerPermissionRequired, "Only an MSP has tech partners.", "managerId")
		}
		tn, err := t.newTenant(tenant.KindPartner, name).SetManagedByID(msp.tenant.ID).Save(ctx)
		if err != nil {
			return fmt.Errorf("make the tech partner's tenant: %w", err)
		}
		if p, err = t.newPartner(ctx, tn, admin, cmd.Type, false, msp.tenant.Name); err != nil {
			return err
		}
		e := event{action: "tech_partner.created", tenant: tn.ID, other: msp.tenant.ID, target: p.ID, targetName: tn.Name,
			changes: append(change("type", "", string(p.Type)), change("administrator", "", admin.name())...)}
		if e.actor, err = t.ownMember(ctx, msp.tenant.ID); err != nil {
			return err
		}
		return t.record(ctx, e)
	}, &p)
	return p, err
}

// newPartner makes a tenant that was just created a partner, with its first administrator.
func (t *tx) newPartner(ctx context.Context, tn *ent.Tenant, admin contact, kind partner.Type, recognized bool, inviter string) (*ent.Partner, error) {
	p, err := t.Partner.Create().SetTenantID(tn.ID).SetType(kind).SetCode(newPartnerID()).SetLinkKey(newLinkKey()).
		SetRecognized(recognized).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the partner: %w", err)
	}
	u, err := t.user(ctx, admin)
	if err != nil {
		return nil, err
	}
	if _, err := t.administrator(ctx, tn, u, admin); err != nil {
		return nil, err
	}
	return p, t.welcome(ctx, tn, u, inviter)
}

// ownMember reads the viewer's own membership in a tenant.
func (t *tx) ownMember(ctx context.Context, tenantID string) (*ent.Member, error) {
	id, err := t.senderID(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return t.Member.Get(ctx, id)
}

// keepsTechPartners reports whether a tenant manages tech partners.
func (t *tx) keepsTechPartners(ctx context.Context, tenantID string) (bool, error) {
	keeps, err := t.Tenant.Query().Where(tenant.ManagedByID(tenantID), tenant.StatusNEQ(tenant.StatusDeleted)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for tech partners: %w", err)
	}
	return keeps, nil
}
