package mandate

import (
	"context"
	"errors"
	"fmt"

	"mandate/ent"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/internal/access"
)

func (t *tx) newTenant(kind tenant.Kind, name string) *ent.TenantCreate {
	return t.Tenant.Create().SetKind(kind).SetName(name).SetSortName(SortName(name))
}

// CreateCustomer makes a customer and its first administrator, who gets a welcome link, and connects it to the partner
// as partner of record. Administrators of the operator may make one without a partner.
//
// PARTNER_PERMISSION_REQUIRED unless the partner is recognised; REQUIRED when the viewer has several partners and names
// none; INVALID, TOO_LONG, TOO_MANY_TAGS, INVALID_TAG.
func (s *Service) CreateCustomer(ctx context.Context, cmd CreateCustomer) (tn *ent.Tenant, rel *ent.Relationship, err error) {
	draft, err := newCustomer(cmd)
	if err != nil {
		return nil, nil, err
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		var p *partnerSide
		if p, err = t.creatingPartner(ctx, cmd.PartnerID); err != nil {
			return err
		}
		if tn, err = t.createCustomer(ctx, draft, p); err != nil {
			return err
		}
		e := event{action: "customer.created", tenant: tn.ID, target: tn.ID, targetName: tn.Name, changes: change("administrator", "", draft.admin.name())}
		if p != nil {
			ceiling := systemRole(roleKeyOr(cmd.RoleKey, access.Administrator))
			rel, err = t.connect(ctx, bond{partner: p, customer: tn, kind: relationship.KindPartnerOfRecord, role: ceiling})
			if err != nil {
				return err
			}
			e.other, e.relationship = p.tenant.ID, rel.ID
			e.changes = append(e.changes, change("role", "", ceiling.name)...)
		}
		return t.record(ctx, e)
	}, &tn, &rel)
	return tn, rel, err
}

// creatingPartner finds the partner that creates a customer; nil for an administrator of the operator who names none.
func (t *tx) creatingPartner(ctx context.Context, partnerID *string) (*partnerSide, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	if partnerID == nil {
		runs, err := t.access.RunsInstallation(ctx)
		if err != nil {
			return nil, err
		}
		if runs {
			if err := t.operator(ctx); !errors.Is(err, ErrForbidden) { // again, under lock
				return nil, err
			}
		}
	}
	return t.ownPartner(ctx, partnerID, "partnerId")
}

type customerDraft struct {
	admin   contact
	profile profile
}

// newCustomer cleans the command, and tells all that is wrong with it at once.
func newCustomer(cmd CreateCustomer) (customerDraft, error) {
	admin, faults := newContact(cmd.AdminFirstName, cmd.AdminLastName, cmd.AdminEmail, [3]string{"adminFirstName", "adminLastName", "adminEmail"})
	p, more := profile{name: &cmd.Name, account: cmd.AccountNumber, address: cmd.Address, tags: cmd.Tags}.clean()
	if faults = append(faults, more...); len(faults) > 0 {
		return customerDraft{}, faults
	}
	return customerDraft{admin, p}, nil
}

// createCustomer makes the tenant, its tags and its first administrator.
func (t *tx) createCustomer(ctx context.Context, d customerDraft, p *partnerSide) (*ent.Tenant, error) {
	address := orZero(d.profile.address)
	tn, err := t.newTenant(tenant.KindCustomer, *d.profile.name).SetNillableAccountNumber(some(orZero(d.profile.account))).
		SetNillableStreet(address.Street).SetNillableCity(address.City).SetNillableRegion(address.Region).
		SetNillablePostalCode(address.PostalCode).SetNillableCountry(address.Country).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the customer: %w", err)
	}
	if err := t.tag(ctx, tn.ID, d.profile.tags); err != nil {
		return nil, err
	}
	u, err := t.user(ctx, d.admin)
	if err != nil {
		return nil, err
	}
	if _, err := t.administrator(ctx, tn, u, d.admin); err != nil {
		return nil, err
	}
	inviter := t.s.brandName()
	if p != nil {
		inviter = p.tenant.Name
	}
	return tn, t.welcome(ctx, tn, u, inviter)
}

// newAccount is an account for an address that a mailed token has just proven, with a session of its own.
func (t *tx) newAccount(ctx context.Context, tn *ent.Tenant, c contact, phc string) (*ent.Member, *ent.User, *SignedIn, error) {
	u, err := t.user(ctx, c)
	if err != nil {
		return nil, nil, nil, err
	}
	n, err := t.User.Update().Where(user.ID(u.ID), user.PasswordHashIsNil()).SetPasswordHash(phc).SetPasswordChangedAt(t.now).Save(ctx)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("store a password: %w", err)
	}
	if n == 0 { // there is one, perhaps since a moment ago
		return nil, nil, nil, broken(SignInRequired, "This address has an account: sign in first.")
	}
	if u, err = t.User.Get(ctx, u.ID); err != nil {
		return nil, nil, nil, err
	}
	if err := t.killLinks(ctx, u); err != nil {
		return nil, nil, nil, err
	}
	m, err := t.administrator(ctx, tn, u, c)
	if err != nil {
		return nil, nil, nil, err
	}
	in, err := t.begin(ctx, u)
	return m, u, in, err
}

// ActivateService activates a tenant's service, for whoever holds SERVICES_ADMIN MANAGE there by any path.
//
// SERVICE_ALREADY_ACTIVE, TENANT_SUSPENDED, NOT_FOUND.
func (s *Service) ActivateService(ctx context.Context, cmd ActivateService) (tn *ent.Tenant, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		if _, err := t.need(ctx, cmd.TenantID, []string{"tenantId"}, access.ServicesAdmin); err != nil {
			return err
		}
		if tn, err = t.tenant(ctx, cmd.TenantID); err != nil {
			return err
		}
		if tn.Status != tenant.StatusActive {
			return broken(TenantSuspended, "The tenant is suspended.", "tenantId")
		}
		if tn.ServiceActivatedAt != nil {
			return broken(ServiceAlreadyActive, "The service is active already.", "tenantId")
		}
		if tn, err = t.Tenant.UpdateOne(tn).SetServiceActivatedAt(t.now).AddVersion(1).Save(ctx); err != nil {
			return fmt.Errorf("activate the service: %w", err)
		}
		return t.record(ctx, event{action: "service.activated", tenant: tn.ID, target: tn.ID, targetName: tn.Name,
			changes: change("serviceActivatedAt", "", t.now.Format("2006-01-02T15:04:05Z"))})
	}, &tn)
	return tn, err
}

func roleKeyOr(key *role.Key, fallback access.RoleKey) access.RoleKey {
	if key == nil {
		return fallback
	}
	return access.RoleKey(*key)
}
