package mandate

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/groupmember"
	"mandate/ent/member"
	"mandate/ent/memberpermission"
	"mandate/ent/membersite"
	"mandate/ent/onetimetoken"
	"mandate/ent/predicate"
	"mandate/ent/session"
	"mandate/ent/tenant"
)

// endMemberships ends memberships of a tenant, with all that hangs on them: what they gave, the assignments that others
// of the tenant made them, API tokens, what was entered from there, links that the tenant mailed, and requests that wait. Whoever becomes a member
// again begins anew. by names who decides about requests; "" for nobody.
func (t *tx) endMemberships(ctx context.Context, tenantID string, rows []*ent.Member, by string) error {
	ids, people := make([]string, len(rows)), make([]string, len(rows))
	for i, m := range rows {
		ids[i], people[i] = m.ID, m.UserID
		t.touch(m.ID, tenantID)
	}
	if err := t.closeRequests(ctx, rows, by); err != nil {
		return err
	}
	for _, part := range split(ids) {
		if err := t.emptyMemberships(ctx, part); err != nil {
			return err
		}
	}
	for _, part := range split(people) { // those that the tenant had sent
		err := t.OneTimeToken.Update().Where(onetimetoken.UserIDIn(part...), onetimetoken.TenantID(tenantID), onetimetoken.UsedAtIsNil()).
			SetUsedAt(t.now).Exec(ctx)
		if err != nil {
			return fmt.Errorf("kill links: %w", err)
		}
	}
	return t.endSessions(ctx, tenantID, people)
}

func (t *tx) emptyMemberships(ctx context.Context, ids []string) error {
	err := t.Member.Update().Where(member.IDIn(ids...)).SetStatus(member.StatusRemoved).ClearPresentUserID().ClearPresentHandle().
		SetAdministrator(false).ClearRole().AddVersion(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end memberships: %w", err)
	}
	if _, err := t.MemberPermission.Delete().Where(memberpermission.MemberIDIn(ids...)).Exec(ctx); err != nil {
		return fmt.Errorf("take levels back: %w", err)
	}
	if _, err := t.MemberSite.Delete().Where(membersite.MemberIDIn(ids...)).Exec(ctx); err != nil {
		return fmt.Errorf("take sites back: %w", err)
	}
	if _, err := t.GroupMember.Delete().Where(groupmember.MemberIDIn(ids...)).Exec(ctx); err != nil {
		return fmt.Errorf("take out of groups: %w", err)
	}
	if err := t.endAssignments(ctx, assignment.GranteeIDIn(ids...)); err != nil {
		return err
	}
	return t.endTokens(ctx, ids)
}

// endSessions ends what people entered from a tenant where they are active no more, and all sessions of those who are
// active nowhere.
func (t *tx) endSessions(ctx context.Context, tenantID string, people []string) error {
	for _, part := range split(people) {
		err := t.Session.Update().Where(session.UserIDIn(part...), session.HomeTenantID(tenantID), session.EndedAtIsNil()).SetEndedAt(t.now).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end entered sessions: %w", err)
		}
		elsewhere, err := t.Member.Query().Where(member.UserIDIn(part...), member.StatusEQ(member.StatusActive),
			member.HasTenantWith(tenant.StatusNEQ(tenant.StatusDeleted))).Select(member.FieldUserID).Strings(ctx)
		if err != nil {
			return fmt.Errorf("find other memberships: %w", err)
		}
		gone := without(part, elsewhere)
		if len(gone) == 0 {
			continue
		}
		if err := t.Session.Update().Where(session.UserIDIn(gone...), session.EndedAtIsNil()).SetEndedAt(t.now).Exec(ctx); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
	}
	return nil
}

// keepsAdministrator reports whether a tenant keeps an active administrator without the given members.
func (t *tx) keepsAdministrator(ctx context.Context, tenantID string, without ...string) (bool, error) {
	kept, err := t.Member.Query().Where(member.TenantID(tenantID), member.IDNotIn(without...), administrates(),
		member.StatusEQ(member.StatusActive)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for an administrator: %w", err)
	}
	return kept, nil
}

// administrates matches administrators by a comparison that every engine looks up in an index.
func administrates() predicate.Member {
	return func(s *sql.Selector) { s.Where(sql.In(s.C(member.FieldAdministrator), true)) }
}

func lastAdministrator(field ...string) *Error {
	return broken(LastAdministrator, "A tenant keeps at least one active administrator.", field...)
}
