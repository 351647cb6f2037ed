package mandate

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

// What operations decide by is told to clients beforehand, as fields such as viewerCanAccept. Both ask here.

// SideOf returns the side for which the viewer may act on a relationship: PARTNERS MANAGE there by a membership of their
// own, the customer's side first, or for the operator an administrator of it; "" for no side.
func SideOf(ctx context.Context, a *rule.Access, rel *ent.Relationship) (relationship.EndedBy, error) {
	for _, s := range []struct {
		side     relationship.EndedBy
		tenantID string
	}{{relationship.EndedByCustomer, rel.CustomerID}, {relationship.EndedByPartner, rel.PartnerID}} {
		if decides, err := decidesFor(ctx, a, s.tenantID); decides || err != nil {
			return s.side, err
		}
	}
	runs, err := a.RunsInstallation(ctx)
	if err != nil || !runs {
		return "", err
	}
	return relationship.EndedByOperator, nil
}

// decidesFor reports whether the viewer decides about partners for the tenant: in person.
func decidesFor(ctx context.Context, a *rule.Access, tenantID string) (bool, error) {
	if !viewer.From(ctx).InPerson() {
		return false, nil
	}
	home, err := a.Home(ctx, tenantID)
	return home != nil && home.Levels.At(access.Partners) == access.Manage, err
}

// MayEnd reports whether a side may end or suspend the relationship. A customer chose a designated partner and ends it
// alone; its partner of record only when that one stands no more: is suspended, or no longer recognised.
func MayEnd(rel *ent.Relationship, side relationship.EndedBy, partnerStands bool) bool {
	switch side {
	case relationship.EndedByCustomer:
		return rel.Kind == relationship.KindCustomerDesignated || !partnerStands
	case relationship.EndedByPartner, relationship.EndedByOperator:
		return true
	}
	return false
}

// PartnerStands matches partners that may connect now: recognised, in an active tenant.
func PartnerStands() predicate.Partner {
	return partner.And(partner.Recognized(true), partner.HasTenantWith(tenant.StatusEQ(tenant.StatusActive)))
}

// AssignedNow matches assignments by which somebody acts at a moment: not taken back, begun, not over, of an active member
// whom it gives something, which it does not to administrators.
func AssignedNow(now time.Time) predicate.Assignment {
	return assignment.And(assignment.StatusEQ(assignment.StatusActive), assignment.StartsAtLTE(now),
		assignment.Or(assignment.EndsAtIsNil(), assignment.EndsAtGT(now)),
		grantedTo(member.StatusEQ(member.StatusActive), member.Administrator(false)))
}

// grantedTo matches assignments to members whom the predicates match.
func grantedTo(those ...predicate.Member) predicate.Assignment {
	return func(s *sql.Selector) {
		m := sql.Dialect(s.Dialect()).Select().From(sql.Table(member.Table))
		for _, p := range those {
			p(m)
		}
		s.Where(sql.Exists(m.Select(m.C(member.FieldID)).Where(sql.ColumnsEQ(m.C(member.FieldID), s.C(assignment.FieldGranteeID)))))
	}
}

// SuspendedBy reports whether a side has suspended the relationship.
func SuspendedBy(rel *ent.Relationship, side relationship.EndedBy) bool {
	switch side {
	case relationship.EndedByPartner:
		return rel.SuspendedByPartner
	case relationship.EndedByCustomer:
		return rel.SuspendedByCustomer
	case relationship.EndedByOperator:
		return rel.SuspendedByOperator
	}
	return false
}

// Asked names the tenant that an invitation asks; "" while it is unknown.
func Asked(inv *ent.Invitation) string {
	if inv.Direction == invitation.DirectionPartnerToCustomer {
		return orZero(inv.CustomerID)
	}
	return inv.PartnerID
}

// Sender names the tenant that sent an invitation.
func Sender(inv *ent.Invitation) string {
	if inv.Direction == invitation.DirectionPartnerToCustomer {
		return inv.PartnerID
	}
	return orZero(inv.CustomerID)
}

// MayAnswer reports whether the viewer may accept or decline the invitation: whoever it was sent to, and whoever decides
// about partners for the tenant that it asks. Never a session that entered a tenant, nor an API token.
func MayAnswer(ctx context.Context, a *rule.Access, inv *ent.Invitation) (bool, error) {
	if addressed(viewer.From(ctx), inv) {
		return true, nil
	}
	return decidesFor(ctx, a, Asked(inv))
}

// MayWithdraw reports whether the viewer may take the invitation back, or send it again.
func MayWithdraw(ctx context.Context, a *rule.Access, inv *ent.Invitation) (bool, error) {
	return decidesFor(ctx, a, Sender(inv))
}

// MayResend reports whether the invitation may be sent once more.
func MayResend(inv *ent.Invitation) bool { return inv.SendCount < mostSends }

// addressed reports whether the invitation was sent to the viewer's address.
func addressed(v viewer.Viewer, inv *ent.Invitation) bool {
	return inv.EmailCanonical != nil && v.InPerson() && *inv.EmailCanonical == v.Email
}

// IsPending reports whether the invitation can still be answered.
func IsPending(inv *ent.Invitation, now time.Time) bool {
	return InvitationStatus(inv, now) == invitation.StatusPending
}

// MayDecide reports whether the viewer may approve or reject a request, made by the person about.
func MayDecide(ctx context.Context, a *rule.Access, r *ent.AccessRequest, about string, now time.Time) (bool, error) {
	reach, err := a.To(ctx, r.TenantID)
	if err != nil || reach == nil || reach.Levels.At(access.Users) < access.Manage {
		return false, err
	}
	return undecidable(r, about, viewer.From(ctx).UserID, now) == nil, nil
}
