package graph

import (
	"context"
	"strings"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/partner"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/graph/model"
	"mandate/internal/auth"
	"mandate/internal/clock"
	"mandate/internal/mandate"
)

func partnerProfile(name, kind, code string) *model.PartnerProfile {
	return &model.PartnerProfile{Name: name, Type: partner.Type(kind), Code: code}
}

func customerProfile(name, account *string) *model.TenantProfile {
	return &model.TenantProfile{Name: orZero(name), Kind: tenant.KindCustomer, AccountNumber: account}
}

// profileOf is a tenant by its name and kind.
func profileOf(t *ent.Tenant) *model.TenantProfile {
	return &model.TenantProfile{Name: t.Name, Kind: t.Kind}
}

func tenantProfile(name, kind *string) *model.TenantProfile {
	if name == nil {
		return nil
	}
	return &model.TenantProfile{Name: *name, Kind: tenant.Kind(orZero(kind))}
}

func personProfile(name *string) *model.PersonProfile {
	if name == nil {
		return nil
	}
	return &model.PersonProfile{Name: *name}
}

func addressOfTenant(t *ent.Tenant) *model.Address {
	a := &model.Address{Street: t.Street, City: t.City, Region: t.Region, PostalCode: t.PostalCode, Country: t.Country}
	if *a == (model.Address{}) {
		return nil
	}
	return a
}

// partnerByCode finds a partner by its Partner ID, which is made to be known.
func (r *Resolver) partnerByCode(ctx context.Context, code string) (*model.PartnerProfile, error) {
	p, err := r.Client.Partner.Query().Where(partner.Code(strings.ToUpper(strings.TrimSpace(code))),
		partner.HasTenantWith(tenant.StatusNEQ(tenant.StatusDeleted))).WithTenant().Only(rule.Unscoped(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return partnerProfile(p.Edges.Tenant.Name, string(p.Type), p.Code), nil
}

// preview shows what the invitation behind a token offers: the token is the permission to look. Null for every token that
// does not work.
func (r *Resolver) preview(ctx context.Context, token string) (*model.InvitationPreview, error) {
	hash, ok := auth.TokenHash(token)
	if !ok {
		return nil, nil
	}
	unscoped := rule.Unscoped(ctx)
	inv, err := r.Client.Invitation.Query().Where(invitation.TokenHash(hash)).WithOffer().Only(unscoped)
	if ent.IsNotFound(err) || err == nil && !mandate.IsPending(inv, clock.Now(ctx)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known, err := r.Client.User.Query().Where(user.EmailCanonical(orZero(inv.EmailCanonical)), user.PasswordHashNotNil()).Exist(unscoped)
	if err != nil {
		return nil, err
	}
	p := &model.InvitationPreview{
		Direction: inv.Direction, RelationshipKind: relationship.KindCustomerDesignated,
		Partner: partnerProfile(inv.PartnerName, inv.PartnerType, inv.PartnerCode),
		Role:    inv.Edges.Offer, Message: inv.Message, ExpiresAt: inv.ExpiresAt, AccessEndsAt: inv.AccessEndsAt, AccountNeeded: !known,
	}
	if inv.CustomerName != nil {
		p.Customer = customerProfile(inv.CustomerName, nil)
	}
	return p, nil
}

func addressOf(u *ent.User) string { return u.EmailCanonical }
