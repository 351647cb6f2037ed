package graph

import (
	"context"
	"slices"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/apitoken"
	"mandate/ent/assignment"
	"mandate/ent/auditevent"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/ent/servicesubscription"
	"mandate/ent/session"
	"mandate/ent/site"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/internal/access"
)

// Rows by their ids, within the viewer's scope: one that is out of it is left out like one that does not exist. Where a
// row brings tenants into play, how the viewer reaches them is resolved for all rows in one statement.

func (r *Resolver) tenants(ctx context.Context, ids []string) ([]*ent.Tenant, error) {
	if err := rule.From(ctx).Resolve(ctx, ids...); err != nil {
		return nil, err
	}
	return r.Client.Tenant.Query().Where(rule.Below[predicate.Tenant](tenant.FieldID, ids)).Select(tenantColumns.of(ctx)...).All(ctx)
}

// tenantsByID is tenants for those that are named one by one. When all of them are the viewer's own and no more is wanted of
// them, the memberships tell it.
func (r *Resolver) tenantsByID(ctx context.Context, ids []string) ([]*ent.Tenant, error) {
	if err := rule.From(ctx).Resolve(ctx, ids...); err != nil {
		return nil, err
	}
	least := slices.Equal(tenantColumns.of(ctx), distinct(tenantColumns[""]))
	rows := make([]*ent.Tenant, len(ids))
	for i, id := range ids {
		home, err := rule.From(ctx).Home(ctx, id)
		if err != nil {
			return nil, err
		}
		if !least || home == nil || rule.From(ctx).Known(ctx, id) == nil {
			return r.tenants(ctx, ids)
		}
		rows[i] = &ent.Tenant{ID: id, Kind: tenant.Kind(home.Kind), Name: home.Name, Status: tenant.StatusActive}
	}
	return rows, nil
}

func (r *Resolver) members(ctx context.Context, ids []string) ([]*ent.Member, error) {
	return r.Client.Member.Query().Where(member.IDIn(ids...)).Select(memberColumns.of(ctx)...).All(ctx)
}

func (r *Resolver) users(ctx context.Context, ids []string) ([]*ent.User, error) {
	return r.Client.User.Query().Where(user.IDIn(ids...)).All(ctx)
}

func (r *Resolver) partners(ctx context.Context, ids []string) ([]*ent.Partner, error) {
	return r.Client.Partner.Query().Where(partner.IDIn(ids...)).All(ctx)
}

func (r *Resolver) sessions(ctx context.Context, ids []string) ([]*ent.Session, error) {
	return r.Client.Session.Query().Where(session.IDIn(ids...)).All(ctx)
}

func (r *Resolver) apiTokens(ctx context.Context, ids []string) ([]*ent.ApiToken, error) {
	return r.Client.ApiToken.Query().Where(apitoken.IDIn(ids...)).All(ctx)
}

func (r *Resolver) auditEvents(ctx context.Context, ids []string) ([]*ent.AuditEvent, error) {
	return r.Client.AuditEvent.Query().Where(auditevent.IDIn(ids...)).Select(auditEventColumns.of(ctx)...).All(ctx)
}

func (r *Resolver) relationships(ctx context.Context, ids []string) ([]*ent.Relationship, error) {
	rows, err := r.Client.Relationship.Query().Where(relationship.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	var pair []string
	for _, row := range rows {
		pair = append(pair, row.PartnerID, row.CustomerID)
	}
	return rows, rule.From(ctx).Resolve(ctx, pair...)
}

func (r *Resolver) invitations(ctx context.Context, ids []string) ([]*ent.Invitation, error) {
	return r.Client.Invitation.Query().Where(invitation.IDIn(ids...)).All(ctx)
}

func (r *Resolver) assignments(ctx context.Context, ids []string) ([]*ent.Assignment, error) {
	return r.Client.Assignment.Query().Where(assignment.IDIn(ids...)).All(ctx)
}

func (r *Resolver) roles(ctx context.Context, ids []string) ([]*ent.Role, error) {
	var rows []*ent.Role
	var custom []string
	for _, id := range ids {
		if s, ok := access.SystemRoleByID(id); ok {
			rows = append(rows, systemRole(s))
		} else {
			custom = append(custom, id)
		}
	}
	if len(custom) == 0 {
		return rows, nil
	}
	found, err := r.Client.Role.Query().Where(role.IDIn(custom...)).All(ctx)
	return append(rows, found...), err
}

func (r *Resolver) sites(ctx context.Context, ids []string) ([]*ent.Site, error) {
	return r.Client.Site.Query().Where(site.IDIn(ids...)).All(ctx)
}

func (r *Resolver) serviceSubscriptions(ctx context.Context, ids []string) ([]*ent.ServiceSubscription, error) {
	return r.Client.ServiceSubscription.Query().Where(servicesubscription.IDIn(ids...)).All(ctx)
}

func (r *Resolver) accessRequests(ctx context.Context, ids []string) ([]*ent.AccessRequest, error) {
	return r.Client.AccessRequest.Query().Where(accessrequest.IDIn(ids...)).All(ctx)
}

// carriedRoles reads roles that visible rows carry: whoever sees the row reads its role.
func (r *Resolver) carriedRoles(ctx context.Context, ids []string) ([]*ent.Role, error) {
	return r.roles(rule.Unscoped(ctx), ids)
}

func tenantID(t *ent.Tenant) string                           { return t.ID }
func memberID(m *ent.Member) string                           { return m.ID }
func userID(u *ent.User) string                               { return u.ID }
func roleID(r *ent.Role) string                               { return r.ID }
func relationshipID(r *ent.Relationship) string               { return r.ID }
func invitationID(i *ent.Invitation) string                   { return i.ID }
func assignmentID(a *ent.Assignment) string                   { return a.ID }
func apiTokenID(t *ent.ApiToken) string                       { return t.ID }
func sessionID(s *ent.Session) string                         { return s.ID }
func auditEventID(e *ent.AuditEvent) string                   { return e.ID }
func partnerID(p *ent.Partner) string                         { return p.ID }
func siteID(s *ent.Site) string                               { return s.ID }
func accessRequestID(r *ent.AccessRequest) string             { return r.ID }
func serviceSubscriptionID(s *ent.ServiceSubscription) string { return s.ID }

// first returns the only row of a look-up by one id, nil for none.
func first[T any](rows []*T, err error) (*T, error) {
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}
