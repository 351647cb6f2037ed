package graph

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/member"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/graph/model"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// checkAccess answers whether a person may do something in a tenant, and by which paths: to that person, and to whoever
// reads the tenant's audit trail. Everybody else gets the answer for what does not exist.
func (r *Resolver) checkAccess(ctx context.Context, in model.CheckAccessInput) (*model.AccessDecision, error) {
	none := &model.AccessDecision{Paths: []*model.AccessPath{}}
	asked := access.Feature(in.Feature)
	known, err := r.given(ctx, asked)
	if err != nil || !known {
		return none, err
	}
	mine, err := rule.From(ctx).To(ctx, in.TenantID)
	v := viewer.From(ctx)
	oneself := in.UserID == v.UserID && v.Token == nil // a token is not its owner's way to all that they reach
	if err != nil || mine == nil || !oneself && mine.Levels.At(access.Audit) < access.View {
		return none, err
	}
	reached, err := rule.From(ctx).People(ctx, []string{in.TenantID}, []string{in.UserID})
	reach := reached[in.UserID][in.TenantID]
	if err != nil || reach == nil {
		return none, err
	}
	names, err := r.linkNames(ctx, reach.Paths)
	if err != nil {
		return nil, err
	}
	d := &model.AccessDecision{Level: reach.Levels.At(asked), Allowed: reach.Levels.At(asked) >= in.Level}
	for _, p := range reach.Paths {
		d.Paths = append(d.Paths, names.path(p, p.Levels.At(asked)))
	}
	return d, nil
}

// given reports whether there is a feature with this key that is given.
func (r *Resolver) given(ctx context.Context, f access.Feature) (bool, error) {
	features, err := r.features(ctx)
	return slices.ContainsFunc(features, func(x *model.Feature) bool { return x.Key == string(f) && !x.Retired }), err
}

// linkNames is what links of paths are called. Whoever may ask for a path reads all of it: that is what the question is.
type linkNames struct {
	roles                              map[string]string
	relationships, assignments, groups map[string]string
}

func (r *Resolver) linkNames(ctx context.Context, paths []rule.Path) (*linkNames, error) {
	ctx = rule.Unscoped(ctx)
	byKind := make(map[rule.LinkKind][]string)
	var roles []string
	for _, p := range paths {
		roles = append(roles, p.Home.RoleID)
		for _, l := range p.Links {
			byKind[l.Kind], roles = append(byKind[l.Kind], l.ID), append(roles, l.RoleID)
		}
	}
	n := &linkNames{make(map[string]string), make(map[string]string), make(map[string]string), make(map[string]string)}
	named, err := r.Client.Role.Query().Where(role.IDIn(distinct(roles)...)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range named {
		n.roles[row.ID] = row.Name
	}
	if list := byKind[rule.RelationshipLink]; list != nil {
		rows, err := r.Client.Relationship.Query().Where(relationship.IDIn(distinct(list)...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			n.relationships[row.ID] = row.PartnerName + " – " + orZero(row.CustomerName)
		}
	}
	if list := byKind[rule.AssignmentLink]; list != nil {
		rows, err := r.Client.Assignment.Query().Where(assignment.IDIn(distinct(list)...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			n.assignments[row.ID] = row.PartnerName + " – " + row.GranteeName
		}
	}
	if list := byKind[rule.GroupLink]; list != nil {
		rows, err := r.Client.PrivilegeGroup.Query().Where(privilegegroup.IDIn(distinct(list)...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			n.groups[row.ID] = row.Name
		}
	}
	return n, nil
}

// path writes a path out, from the person's membership on.
func (n *linkNames) path(p rule.Path, level access.Level) *model.AccessPath {
	begin := &model.AccessLink{Kind: "MEMBERSHIP", Label: p.Home.Name}
	if p.Via == rule.Operator {
		begin.Kind = "OPERATOR"
	}
	if name := n.roles[p.Home.RoleID]; name != "" {
		begin.Role = &name
	}
	out := &model.AccessPath{Via: model.AccessVia(p.Via), Level: level, Links: []*model.AccessLink{begin}, EndsAt: p.EndsAt}
	for _, l := range p.Links {
		name := n.roles[l.RoleID]
		link := &model.AccessLink{Kind: string(l.Kind), Role: &name}
		switch l.Kind {
		case rule.RelationshipLink:
			link.Label = n.relationships[l.ID]
		case rule.AssignmentLink:
			link.Label = n.assignments[l.ID]
		case rule.GroupLink:
			link.Label = n.groups[l.ID]
		}
		out.Links = append(out.Links, link)
	}
	return out
}

// accessList lists who from outside reaches a tenant. It is asked of one tenant at a time.
func (r *Resolver) accessList(ctx context.Context, t *ent.Tenant, w window) (*model.Page[*model.AccessListEntry], error) {
	return value(ctx, t, func(ctx context.Context, tenants []*ent.Tenant) ([]*model.Page[*model.AccessListEntry], error) {
		if len(tenants) > 1 {
			return nil, &fault{"QUERY_TOO_COMPLEX", "Ask for the access list of one tenant at a time."}
		}
		page, err := r.outsiders(ctx, tenants[0].ID, w)
		return []*model.Page[*model.AccessListEntry]{page}, err
	})
}

func (r *Resolver) outsiders(ctx context.Context, tenantID string, w window) (*model.Page[*model.AccessListEntry], error) {
	const kind = "x"
	var after string
	if w.cursor != nil {
		at, err := decodeCursor(kind, 1, false, *w.cursor)
		if err != nil {
			return nil, err
		}
		after = at[0].(string)
	}
	a := rule.From(ctx)
	found, err := a.Outsiders(ctx, tenantID, after, w.limit+1)
	if err != nil {
		return nil, err
	}
	more := len(found) > w.limit
	found = found[:min(len(found), w.limit)]
	entries, err := r.accessEntries(ctx, tenantID, found)
	if err != nil {
		return nil, err
	}
	cursors := make([]model.Cursor, len(found))
	for i, o := range found {
		cursors[i] = model.Cursor{Kind: kind, ID: o.MemberID}
	}
	page := newPage(entries, cursors, w, more)
	page.Count = func(ctx context.Context) (int, error) { return a.CountOutsiders(ctx, tenantID, model.MostCounted) }
	return page, nil
}

func (r *Resolver) accessEntries(ctx context.Context, tenantID string, found []rule.Outsider) ([]*model.AccessListEntry, error) {
	people := ids(found, func(o rule.Outsider) string { return o.UserID })
	reached, err := rule.From(ctx).People(ctx, []string{tenantID}, distinct(people))
	if err != nil {
		return nil, err
	}
	var paths []rule.Path
	for _, to := range reached {
		if reach := to[tenantID]; reach != nil {
			paths = append(paths, reach.Paths...)
		}
	}
	names, err := r.linkNames(ctx, paths)
	if err != nil {
		return nil, err
	}
	members, err := r.Client.Member.Query().Where(member.IDIn(ids(found, func(o rule.Outsider) string { return o.MemberID })...)).All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	byID := keyed(members, memberID)
	used, err := r.lastUsed(ctx, tenantID, people)
	if err != nil {
		return nil, err
	}
	entries := make([]*model.AccessListEntry, len(found))
	for i, o := range found {
		m := byID[o.MemberID]
		e := &model.AccessListEntry{
			Person: &model.PersonProfile{Name: mandate.NameOf(m)}, Company: &model.TenantProfile{},
			Paths: []*model.AccessPath{}, LastUsedAt: used[usage{o.UserID, m.TenantID}],
		}
		var mine []rule.Path
		if reach := reached[o.UserID][tenantID]; reach != nil {
			mine = slices.DeleteFunc(slices.Clone(reach.Paths), func(p rule.Path) bool { return p.Home.ID != o.MemberID })
		}
		for _, p := range mine {
			e.Levels = e.Levels.Max(p.Levels)
			e.Paths = append(e.Paths, names.path(p, p.Levels.Highest()))
			e.Company = &model.TenantProfile{Name: p.Home.Name, Kind: tenant.Kind(p.Home.Kind)}
		}
		e.EndsAt = rule.LastEnd(mine)
		entries[i] = e
	}
	return entries, nil
}

// usage is a person as one of an organisation's people.
type usage struct{ user, company string }

// lastUsed finds out when people last wrote something in a tenant, or entered it, by day.
func (r *Resolver) lastUsed(ctx context.Context, tenantID string, people []string) (map[usage]*time.Time, error) {
	s := sql.Dialect(r.Dialect).Select().From(sql.Table("audit_events"))
	s.Select(s.C("actor_id"), s.C("actor_tenant_id"), sql.Max(s.C("at"))).
		Where(sql.And(oneOf(s.C("actor_id"), distinct(people)), sql.EQ(s.C("tenant_id"), tenantID))).
		GroupBy(s.C("actor_id"), s.C("actor_tenant_id"))
	query, args := s.Query()
	rows, err := r.Client.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	used := make(map[usage]*time.Time)
	for rows.Next() {
		var u usage
		var company *string
		var at rule.Moment
		if err := rows.Scan(&u.user, &company, &at); err != nil {
			return nil, err
		}
		if u.company = orZero(company); at.Time != nil {
			day := at.Time.Truncate(24 * time.Hour)
			used[u] = &day
		}
	}
	return used, rows.Err()
}
