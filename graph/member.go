package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/memberpermission"
	"mandate/ent/rule"
	"mandate/ent/user"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// memberEmail is the address of a member, none of one who is no longer.
func (r *Resolver) memberEmail(ctx context.Context, m *ent.Member) (*string, error) {
	switch {
	case m.Status == member.StatusRemoved:
		return nil, nil
	case m.Mailbox != nil:
		return m.Mailbox, nil
	}
	return value(ctx, m, r.memberEmails)
}

// memberEmails reads the addresses of members, none of those who are no longer. The field is guarded where it is read.
func (r *Resolver) memberEmails(ctx context.Context, members []*ent.Member) ([]*string, error) {
	people, err := r.Client.User.Query().Where(user.IDIn(ids(members, func(m *ent.Member) string { return m.UserID })...)).
		Select(user.FieldID, user.FieldEmail).All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	byID := keyed(people, userID)
	emails := make([]*string, len(members))
	for i, m := range members {
		if m.Status != member.StatusRemoved {
			emails[i] = &byID[m.UserID].Email
		}
	}
	return emails, nil
}

// memberLevels computes what memberships give by themselves. The field is guarded where it is read.
func (r *Resolver) memberLevels(ctx context.Context, members []*ent.Member) ([]access.Levels, error) {
	direct, err := r.directLevels(ctx, members)
	if err != nil {
		return nil, err
	}
	roles, err := rule.From(ctx).RoleLevels(ctx, ids(members, func(m *ent.Member) string { return orZero(m.RoleID) })...)
	if err != nil {
		return nil, err
	}
	levels := make([]access.Levels, len(members))
	for i, m := range members {
		levels[i] = rule.MemberLevels(m.Administrator, m.Guest, roles[orZero(m.RoleID)], direct[m.ID])
	}
	return levels, nil
}

// directLevels reads the levels that members were given directly, unless all of them came with theirs.
func (r *Resolver) directLevels(ctx context.Context, members []*ent.Member) (map[string]map[access.Feature]access.Level, error) {
	var rows []*ent.MemberPermission
	for _, m := range members {
		held, err := m.Edges.PermissionsOrErr()
		if err != nil {
			rows, err = r.Client.MemberPermission.Query().Where(memberpermission.MemberIDIn(ids(members, memberID)...)).All(rule.Unscoped(ctx))
			if err != nil {
				return nil, err
			}
			break
		}
		rows = append(rows, held...)
	}
	direct := make(map[string]map[access.Feature]access.Level)
	for _, row := range rows {
		if direct[row.MemberID] == nil {
			direct[row.MemberID] = make(map[access.Feature]access.Level)
		}
		direct[row.MemberID][access.Feature(row.Feature)] = row.Level
	}
	return direct, nil
}

// userEmails reads the addresses of people as far as the viewer may: one's own, but for an API token, and those of members of tenants with
// USERS VIEW. nil stands for one that the viewer may not.
func (r *Resolver) userEmails(ctx context.Context, people []*ent.User) ([]*string, error) {
	if err := r.resolveTenantsOf(ctx, nouns["usr"], ids(people, userID)); err != nil {
		return nil, err
	}
	memberships, err := r.Client.Member.Query().Where(member.UserIDIn(ids(people, userID)...), member.StatusNEQ(member.StatusRemoved)).All(ctx)
	if err != nil {
		return nil, err
	}
	v := viewer.From(ctx)
	may := map[string]bool{v.UserID: v.Token == nil}
	for _, m := range memberships {
		if reach := rule.From(ctx).Known(ctx, m.TenantID); reach != nil && reach.Levels.At(access.Users) >= access.View {
			may[m.UserID] = true
		}
	}
	emails := make([]*string, len(people))
	for i, u := range people {
		if may[u.ID] {
			emails[i] = &u.Email
		}
	}
	return emails, nil
}

// ownName is a person's own name, as their oldest membership has it, or the one that the API token that asks rests on.
func (r *Resolver) ownName(ctx context.Context, u *ent.User) (*string, error) {
	q := r.Client.Member.Query().Where(member.UserID(u.ID), member.StatusEQ(member.StatusActive))
	if t := viewer.From(ctx).Token; t != nil {
		q.Where(member.ID(t.MemberID))
	}
	m, err := q.Order(member.ByID()).First(rule.Unscoped(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name := mandate.NameOf(m)
	return &name, nil
}
