package rule

import (
	"context"

	"mandate/ent"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

// A row that is there already is held against the scope of its table without a statement. How the viewer reaches its tenants was
// resolved before.

// SeesMember reports whether Members lets the viewer see a member.
func SeesMember(ctx context.Context, a *Access, m *ent.Member) bool {
	if a.sees(ctx, access.Users, m.TenantID) || m.Guest && a.sees(ctx, access.Guests, m.TenantID) {
		return true
	}
	switch v := viewer.From(ctx); {
	case v.Token != nil:
		return m.ID == v.Token.MemberID
	case !v.Entered():
		return m.UserID == v.UserID
	}
	return false
}

// SeesInvitation reports whether Invitations lets the viewer see an invitation.
func SeesInvitation(ctx context.Context, a *Access, inv *ent.Invitation) bool {
	if a.sees(ctx, access.Partners, inv.PartnerID) || inv.CustomerID != nil && a.sees(ctx, access.Partners, *inv.CustomerID) {
		return true
	}
	v := viewer.From(ctx)
	return v.InPerson() && inv.EmailCanonical != nil && *inv.EmailCanonical == v.Email
}

// sees reports whether the viewer holds VIEW on feature in a tenant that was resolved.
func (a *Access) sees(ctx context.Context, feature access.Feature, tenantID string) bool {
	r := a.Known(ctx, tenantID)
	return r != nil && r.Levels.At(feature) >= access.View
}
