package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/assignment"
	"mandate/ent/invitation"
	"mandate/ent/member"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/clock"
)

// The lists of the API, and what can be filtered in them: only what every viewer of the list may read, and what an index
// finds.

// The indexes along which members are listed.
const (
	membersByName   = "members_page"
	membersByStatus = "members_status_page"
	membersBySignIn = "members_sign_in_page"
	administrators  = "member_tenant_id_administrator_status"
)

// memberList lists the members of a tenant. An order tells as much as the field does, and takes the same level.
func (r *Resolver) memberList(ctx context.Context, t *ent.Tenant, f *model.MemberFilter, orderBy *model.MemberOrder) (list[*ent.Member], error) {
	l := list[*ent.Member]{kind: "m", table: "members", owners: []string{"tenant_id"}, scope: rule.Members, load: r.members, id: memberID, dense: f == nil,
		columns: memberColumns, scan: ent.ScanMember, beside: &addresses}
	asked := orZero(orderBy)
	l.newest = asked.Direction == model.OrderDirectionDesc
	switch asked.Field {
	case model.MemberOrderFieldStatus:
		l.kind, l.order = "ms", byStatus
	case model.MemberOrderFieldLastSignedInAt:
		l.kind, l.order = "ml", bySignIn
		if err := needs(ctx, t, access.Users, access.View); err != nil {
			return l, err
		}
	default:
		l.order = byName
	}
	l.order = slices.Clone(l.order)
	for i := range l.order {
		l.order[i].index = memberIndex(orZero(f), l.order[i].index)
	}
	return l, nil
}

// addresses are read with members for whom they are selected. The field is guarded where it is read.
var addresses = beside[*ent.Member]{field: "email", key: member.FieldUserID, table: "users", column: "email",
	set: func(m *ent.Member, email string) { m.Mailbox = &email }}

// memberIndex names the index that finds the members of a list in its order. Administrators are few, and so are those who
// are searched for: they are found first, and then put in order.
func memberIndex(f model.MemberFilter, ordered string) string {
	switch {
	case orZero(f.Administrator):
		return administrators
	case ordered == membersByName && len(f.Status) == 1:
		return membersByStatus
	case ordered == membersBySignIn && f.Search != nil:
		return membersByName
	}
	return ordered
}

// The orders of members.
var (
	byName   = order{{column: "sort_name", index: membersByName}}
	byStatus = standingIn(member.StatusPendingEmailValidation, member.StatusPendingApproval, member.StatusActive, member.StatusSuspended, member.StatusRemoved)
	bySignIn = order{
		{index: membersBySignIn, where: func(s *sql.Selector) { s.Where(sql.IsNull(s.C("last_signed_in_at"))) }},
		{index: membersBySignIn, column: "last_signed_in_at", moment: true, where: func(s *sql.Selector) { s.Where(sql.NotNull(s.C("last_signed_in_at"))) }},
	}
)

// standingIn orders members by status, in the order given, and then by name.
func standingIn(statuses ...member.Status) (o order) {
	for _, status := range statuses {
		o = append(o, stretch{column: "sort_name", index: membersByStatus, where: func(s *sql.Selector) { s.Where(sql.EQ(s.C("status"), status)) }})
	}
	return o
}

func memberFilter(f *model.MemberFilter) (func(*sql.Selector), error) {
	if f == nil {
		f = &model.MemberFilter{}
	}
	prefix, err := searched(f.Search)
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		switch statuses := distinct(f.Status); len(statuses) {
		case 0:
			s.Where(sql.NEQ(s.C(member.FieldStatus), member.StatusRemoved))
		case 1:
			s.Where(sql.EQ(s.C(member.FieldStatus), statuses[0]))
		default:
			s.Where(oneOf(rule.Kept(s, member.FieldStatus), statuses))
		}
		if prefix != "" {
			s.Where(sql.And(sql.GTE(s.C(member.FieldSortName), prefix), sql.LT(s.C(member.FieldSortName), prefix+"\U0010FFFF")))
		}
		if f.Administrator != nil {
			s.Where(oneOf(s.C(member.FieldAdministrator), []bool{*f.Administrator}))
		}
		if f.Guest != nil {
			s.Where(oneOf(s.C(member.FieldGuest), []bool{*f.Guest}))
		}
	}, nil
}

func (r *Resolver) roleList() list[*ent.Role] {
	return list[*ent.Role]{kind: "r", table: "roles", owners: []string{"tenant_id"}, scope: rule.RolesOf, load: r.roles, id: roleID}
}

func (r *Resolver) relationshipList(status []relationship.Status) list[*ent.Relationship] {
	index := "relationship_%s_id"
	if len(status) > 0 {
		index = "" // partners have one by status
	}
	return list[*ent.Relationship]{kind: "l", table: "relationships", owners: []string{"partner_id", "customer_id"}, order: by("", index), newest: true,
		scope: rule.OfPair(access.Partners, "partner_id", "customer_id"), load: r.relationships, id: relationshipID}
}

// relationshipFilter compares what the clock makes of a relationship, recorded or not.
func relationshipFilter(ctx context.Context, status []relationship.Status) func(*sql.Selector) {
	now := clock.Now(ctx)
	return func(s *sql.Selector) {
		if len(status) == 0 {
			return
		}
		over := sql.And(sql.NotNull(s.C("active_customer_id")), sql.NotNull(s.C("ends_at")), sql.LTE(s.C("ends_at"), now))
		standing(s, status, relationship.StatusExpired, over)
	}
}

// standing asks for rows that stand in one of the ways: expired is what the clock makes of those that are over.
func standing[S cmp.Ordered](s *sql.Selector, status []S, expired S, over *sql.Predicate) {
	var either []*sql.Predicate
	for _, st := range distinct(status) {
		recorded := sql.EQ(s.C("status"), st)
		if st == expired {
			either = append(either, recorded, over)
		} else {
			either = append(either, sql.And(recorded, sql.Not(over)))
		}
	}
	s.Where(sql.Or(either...))
}

func (r *Resolver) invitationList() list[*ent.Invitation] {
	return list[*ent.Invitation]{kind: "i", table: "invitations", owners: []string{"partner_id", "customer_id"}, order: by("", "invitation_%s_id"), newest: true,
		scope: rule.Invitations, load: r.invitations, id: invitationID}
}

// ownInvitationList lists invitations by the address that they were sent to.
func (r *Resolver) ownInvitationList() list[*ent.Invitation] {
	l := r.invitationList()
	l.owners, l.scope = []string{"email_canonical"}, rule.Addressed
	return l
}

func invitationFilter(ctx context.Context, status []invitation.Status, direction *invitation.Direction) func(*sql.Selector) {
	now := clock.Now(ctx)
	return func(s *sql.Selector) {
		if direction != nil {
			s.Where(sql.EQ(s.C("direction"), *direction))
		}
		if len(status) == 0 {
			return
		}
		over := sql.And(sql.EQ(s.C("status"), invitation.StatusPending), sql.LTE(s.C("expires_at"), now))
		standing(s, status, invitation.StatusExpired, over)
	}
}

func (r *Resolver) assignmentList() list[*ent.Assignment] {
	return list[*ent.Assignment]{kind: "a", table: "assignments", owners: []string{"tenant_id"}, newest: true,
		scope: rule.OfPair(access.Assignments, "granter_id", "tenant_id"), load: r.assignments, id: assignmentID}
}

func assignmentFilter(ctx context.Context, status []assignment.Status, expiringBefore *time.Time) func(*sql.Selector) {
	now := clock.Now(ctx)
	return func(s *sql.Selector) {
		if expiringBefore != nil {
			s.Where(sql.And(sql.NotNull(s.C("ends_at")), sql.LT(s.C("ends_at"), *expiringBefore)))
		}
		if len(status) == 0 {
			return
		}
		over := sql.And(sql.NotNull(s.C("ends_at")), sql.LTE(s.C("ends_at"), now))
		unrevoked := sql.NEQ(s.C("status"), assignment.StatusRevoked)
		conditions := map[assignment.Status]*sql.Predicate{
			assignment.StatusRevoked:   sql.EQ(s.C("status"), assignment.StatusRevoked),
			assignment.StatusExpired:   sql.And(unrevoked, over),
			assignment.StatusScheduled: sql.And(unrevoked, sql.Not(over), sql.GT(s.C("starts_at"), now)),
			assignment.StatusActive:    sql.And(unrevoked, sql.Not(over), sql.LTE(s.C("starts_at"), now)),
		}
		var either []*sql.Predicate
		for _, st := range distinct(status) {
			either = append(either, conditions[st])
		}
		s.Where(sql.Or(either...))
	}
}

func (r *Resolver) accessRequestList(status []accessrequest.Status) list[*ent.AccessRequest] {
	index := "accessrequest_%s_id"
	if len(status) == 1 && status[0] != accessrequest.StatusExpired {
		index = "accessrequest_%s_status_id"
	}
	return list[*ent.AccessRequest]{kind: "q", table: "access_requests", owners: []string{"tenant_id"}, order: by("", index), newest: true,
		scope: rule.OfTenant(access.Users), load: r.accessRequests, id: accessRequestID}
}

func accessRequestFilter(ctx context.Context, status []accessrequest.Status) func(*sql.Selector) {
	now := clock.Now(ctx)
	return func(s *sql.Selector) {
		if len(status) == 0 {
			return
		}
		over := sql.And(sql.EQ(s.C("status"), accessrequest.StatusPending), sql.LTE(s.C("expires_at"), now))
		standing(s, status, accessrequest.StatusExpired, over)
	}
}

func (r *Resolver) sessionList() list[*ent.Session] {
	return list[*ent.Session]{kind: "s", table: "sessions", owners: []string{"user_id"}, newest: true,
		scope: rule.OfPerson("user_id"), load: r.sessions, id: sessionID}
}

// apiTokenList lists API tokens by the tenant that they rest on.
func (r *Resolver) apiTokenList() list[*ent.ApiToken] {
	return list[*ent.ApiToken]{kind: "k", table: "api_tokens", owners: []string{"tenant_id"}, order: by("", "apitoken_%s_id"), newest: true,
		scope: rule.TokensOf("tenant_id", "user_id"), load: r.apiTokens, id: apiTokenID}
}

// ownAPITokenList lists API tokens by the person for whom they act.
func (r *Resolver) ownAPITokenList() list[*ent.ApiToken] {
	l := r.apiTokenList()
	l.owners, l.scope = []string{"user_id"}, rule.OwnTokens("user_id")
	return l
}

func liveSessions(ctx context.Context) func(*sql.Selector) {
	now := clock.Now(ctx)
	return func(s *sql.Selector) {
		s.Where(sql.And(sql.IsNull(s.C("ended_at")), sql.GT(s.C("expires_at"), now)))
	}
}

func (r *Resolver) auditList(f *model.AuditFilter) list[*ent.AuditEvent] {
	index := "auditevent_%s_at_id"
	if orZero(f).ActorID != nil || orZero(f).OtherTenantID != nil {
		index = "" // there is one by actor, and one by both tenants
	}
	return list[*ent.AuditEvent]{kind: "e", table: "audit_events", owners: []string{"tenant_id", "other_tenant_id"}, other: orZero(f).OtherTenantID,
		order: order{{column: "at", moment: true, index: index}}, newest: true,
		scope: rule.OfPair(access.Audit, "tenant_id", "other_tenant_id"), load: r.auditEvents, id: auditEventID}
}

// mostActions is how many actions a filter names.
const mostActions = 100

func auditFilter(f *model.AuditFilter) (func(*sql.Selector), error) {
	if f == nil {
		return nil, nil
	}
	if len(f.Action) > mostActions {
		return nil, badInput(fmt.Sprintf("A filter names at most %d actions.", mostActions))
	}
	return func(s *sql.Selector) {
		if f.ActorID != nil {
			s.Where(sql.EQ(s.C("actor_id"), *f.ActorID))
		}
		if len(f.Action) > 0 {
			s.Where(oneOf(s.C("action"), f.Action))
		}
		if f.From != nil {
			s.Where(sql.GTE(s.C("at"), *f.From))
		}
		if f.To != nil {
			s.Where(sql.LT(s.C("at"), *f.To))
		}
		if orZero(f.DelegatedOnly) {
			s.Where(sql.NotNull(s.C("on_behalf_of_name")))
		}
	}, nil
}

func oneOf[T any](column string, values []T) *sql.Predicate {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return sql.In(column, list...)
}
