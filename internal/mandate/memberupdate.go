package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/member"
	"mandate/internal/access"
)

// revision is a change of a member, cleaned and decided about.
type revision struct {
	before, after *ent.Member
	held, given   entitlement
	saw, sees     siteLimit
}

// changes lists what changes, for the audit trail.
func (r revision) changes() []access.Change {
	b, a := r.before, r.after
	var list []access.Change
	for _, c := range []struct{ field, before, after string }{
		{"userId", b.Handle, a.Handle}, {"label", b.Label, a.Label}, {"firstName", b.FirstName, a.FirstName},
		{"lastName", b.LastName, a.LastName}, {"phone", orZero(b.Phone), orZero(a.Phone)},
		{"access", r.held.title(), r.given.title()}, {"sites", r.saw.title(), r.sees.title()},
	} {
		list = append(list, change(c.field, c.before, c.after)...)
	}
	return list
}

// UpdateMembers changes members of a tenant, all or none, and returns those that changed. A dry run returns those that
// would change, as they are, and writes nothing.
//
// Errors name the row. NOT_FOUND, CONFLICT for a member named twice or a User ID that is taken, STALE_VERSION, INVALID,
// REQUIRED, TOO_LONG, PHONE_COUNTRY_CODE_REQUIRED, PERMISSION_REQUIRED_FOR_EACH_FEATURE, SSO_LEVEL_REQUIRED,
// ROLE_EXCEEDS_GRANT, LAST_ADMINISTRATOR, SELF_APPROVAL_FORBIDDEN, LIMIT_EXCEEDED.
func (s *Service) UpdateMembers(ctx context.Context, cmd UpdateMembers) (changed []*ent.Member, err error) {
	if err := notSoMany(len(cmd.Members), "members"); err != nil {
		return nil, err
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		changed = nil
		g, err := t.giver(ctx, cmd.TenantID, []string{"tenantId"}, access.Guests)
		if err != nil {
			return err
		}
		revisions, err := t.revise(ctx, g, cmd.Members)
		if err != nil {
			return err
		}
		e := event{action: "member.updated", tenant: g.tn.ID}
		for _, r := range revisions {
			list := r.changes()
			if len(list) == 0 {
				continue
			}
			if orZero(cmd.DryRun) {
				changed = append(changed, r.before)
				continue
			}
			m, err := t.apply(ctx, r)
			if err != nil {
				return err
			}
			changed = append(changed, m)
			for _, c := range list {
				if len(revisions) > 1 {
					c.Field = r.before.Handle + ": " + c.Field
				}
				e.changes = append(e.changes, c)
			}
		}
		if len(changed) == 0 || orZero(cmd.DryRun) {
			return nil
		}
		return t.record(ctx, e.about(changed))
	})
	return changed, err
}

// revise reads the members and decides about every row, and tells all that is wrong at once.
func (t *tx) revise(ctx context.Context, g *giver, list []*MemberChange) ([]revision, error) {
	members := make([]string, len(list))
	var named, handles []string
	for i, in := range list {
		members[i] = in.ID
		named = append(named, in.SiteIDs...)
		handles = append(handles, SortName(orZero(in.UserID)))
	}
	rows, faults, err := t.managed(ctx, g, members, "id")
	if err != nil {
		return nil, err
	}
	sites, err := t.siteGiver(ctx, g, named)
	if err != nil {
		return nil, err
	}
	taken, err := t.handlesTaken(ctx, g.tn.ID, handles)
	if err != nil {
		return nil, err
	}
	revisions := make([]revision, len(list))
	for i, in := range list {
		if rows[i] == nil {
			continue
		}
		if revisions[i], err = t.reviseOne(ctx, g, rows[i], in, sites); err != nil {
			more, err := collect(err)
			if err != nil {
				return nil, err
			}
			faults[i] = append(faults[i], more...)
		}
		if in.UserID == nil || len(faults[i]) > 0 {
			continue
		}
		if holder := taken[handles[i]]; holder != "" && holder != in.ID {
			faults[i] = append(faults[i], broken(Conflict, "The User ID is taken.", "userId"))
		}
		taken[handles[i]] = in.ID
	}
	if err := inRows("members", faults); err != nil {
		return nil, err
	}
	return revisions, t.keepAdministrator(ctx, g, revisions)
}

// keepAdministrator fails when the revisions leave the tenant without an active administrator.
func (t *tx) keepAdministrator(ctx context.Context, g *giver, revisions []revision) error {
	var losing []string
	faults := make([]Errors, len(revisions))
	for i, r := range revisions {
		switch active := r.before.Status == member.StatusActive; {
		case active && r.given.administrator && !r.held.administrator:
			return nil
		case active && r.held.administrator && !r.given.administrator:
			losing = append(losing, r.before.ID)
			faults[i] = Errors{lastAdministrator("administrator")}
		}
	}
	if losing == nil {
		return nil
	}
	kept, err := t.keepsAdministrator(ctx, g.tn.ID, losing...)
	if err != nil || kept {
		return err
	}
	return inRows("members", faults)
}

// reviseOne decides what a change makes of a member.
func (t *tx) reviseOne(ctx context.Context, g *giver, m *ent.Member, in *MemberChange, sites *siteGiver) (revision, error) {
	r := revision{before: m, saw: siteLimitOf(m)}
	var err error
	if r.held, err = t.entitlementOf(ctx, m); err != nil {
		return r, err
	}
	if err := fresh(in.Version, m.Version); err != nil {
		return r, err
	}
	var faults Errors
	r.after, faults = described(m, in)
	var more Errors
	if r.given, more, err = split2(t.regive(ctx, g, r, in)); err != nil {
		return r, err
	}
	faults = append(faults, more...)
	r.sees, more = t.relimit(r, in, sites)
	if more == nil && shows(r.held, r.given) && sites.limit.lacks(r.sees) {
		more = Errors{broken(RoleExceedsGrant, "This would show sites that you do not see.", "allSites")}
	}
	if faults = append(faults, more...); len(faults) > 0 {
		return r, faults
	}
	return r, nil
}

// described cleans what a change says of a person.
func described(m *ent.Member, in *MemberChange) (*ent.Member, Errors) {
	after := *m
	var faults Errors
	for _, part := range []struct {
		to    *string
		from  *string
		most  int
		field string
	}{
		{&after.Handle, in.UserID, 100, "userId"}, {&after.Label, in.Label, 200, "label"},
		{&after.FirstName, in.FirstName, 100, "firstName"}, {&after.LastName, in.LastName, 100, "lastName"},
	} {
		if part.from == nil {
			continue
		}
		var fault *Error
		if *part.to, fault = oneLine(*part.from, part.most, part.field); fault != nil {
			faults = append(faults, fault)
		}
	}
	if in.Phone != nil {
		number, fault := phone(*in.Phone)
		if after.Phone = &number; fault != nil {
			faults = append(faults, fault)
		}
	}
	return &after, faults
}

// regive decides what a member is to hold. To name what the member holds already is no change, whoever does it.
func (t *tx) regive(ctx context.Context, g *giver, r revision, in *MemberChange) (entitlement, error) {
	grant := grantInput{in.Administrator, in.RoleID, in.RoleKey, in.Permissions}
	if grant.empty() {
		return r.held, nil
	}
	given, err := t.named(ctx, g, grant, r.before.Guest)
	if err != nil || given.equal(r.held) {
		return given, err
	}
	if g.reach.Levels.At(access.Roles) < access.Manage {
		return given, ErrForbidden
	}
	t.needed = append(t.needed, access.Roles)
	if r.before.UserID == t.viewer.UserID && raises(r.held, given) {
		return given, broken(SelfApprovalForbidden, "Nobody raises themselves.", grant.field())
	}
	return given, t.mayEntitle(ctx, g, given, grant.field())
}

// relimit decides which sites a member is to see.
func (t *tx) relimit(r revision, in *MemberChange, sites *siteGiver) (siteLimit, Errors) {
	all := r.saw.all && in.SiteIDs == nil
	if in.AllSites != nil {
		all = *in.AllSites
	}
	switch {
	case r.given.administrator && (in.AllSites != nil && !all || len(in.SiteIDs) > 0):
		return r.saw, Errors{broken(Invalid, "An administrator sees all sites.", "allSites")}
	case r.given.administrator:
		return siteLimit{all: true}, nil
	case in.AllSites == nil && in.SiteIDs == nil, !all && !r.saw.all && in.SiteIDs == nil, all && r.saw.all && in.SiteIDs == nil:
		return r.saw, nil
	}
	field := "siteIds"
	if all {
		field = "allSites"
	}
	sees, faults := sites.give(all, in.SiteIDs)
	switch {
	case faults != nil:
		return sees, faults
	case sites.limit.lacks(r.saw):
		return sees, Errors{broken(RoleExceedsGrant, "The member sees sites that you do not see.", field)}
	case r.before.UserID == t.viewer.UserID && r.saw.lacks(sees):
		return sees, Errors{broken(SelfApprovalForbidden, "Nobody raises themselves.", field)}
	}
	return sees, nil
}

// apply writes a revision.
func (t *tx) apply(ctx context.Context, r revision) (*ent.Member, error) {
	a := r.after
	name := a.FirstName + " " + a.LastName
	update := t.Member.UpdateOne(r.before).SetHandle(a.Handle).SetPresentHandle(SortName(a.Handle)).SetLabel(a.Label).
		SetFirstName(a.FirstName).SetLastName(a.LastName).SetSortName(SortName(name)).SetNillablePhone(a.Phone).
		SetAllSites(r.sees.all).AddVersion(1)
	m, err := r.given.set(update).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("change a member: %w", err)
	}
	if !r.given.equal(r.held) {
		if err := t.give(ctx, m, r.given); err != nil {
			return nil, err
		}
	}
	if r.saw.title() != r.sees.title() {
		if err := t.listSites(ctx, m, r.sees); err != nil {
			return nil, err
		}
	}
	if name == r.before.FirstName+" "+r.before.LastName {
		return m, nil
	}
	if err := t.Assignment.Update().Where(assignment.GranteeID(m.ID), assignment.OpenKeyNotNil()).SetGranteeName(name).Exec(ctx); err != nil {
		return nil, fmt.Errorf("rename a grantee: %w", err)
	}
	return m, nil
}

// managed reads members of a tenant whom the viewer may manage, each at its position, and what is wrong with the others.
// Without USERS a viewer manages guests only, and knows of no one else. field is what names a member below its row; ""
// for the row itself.
func (t *tx) managed(ctx context.Context, g *giver, ids []string, field string) ([]*ent.Member, []Errors, error) {
	found, err := t.Member.Query().Where(member.TenantID(g.tn.ID), member.IDIn(distinct(ids)...), member.StatusNEQ(member.StatusRemoved)).
		WithPermissions().WithMemberSites(withSite).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read members: %w", err)
	}
	byID := make(map[string]*ent.Member, len(found))
	for _, m := range found {
		byID[m.ID] = m
	}
	rows, faults := make([]*ent.Member, len(ids)), make([]Errors, len(ids))
	var at []string
	if field != "" {
		at = []string{field}
	}
	for i, id := range ids {
		m, seen := byID[id]
		fault, err := t.mayManage(ctx, g, m, at)
		switch {
		case err != nil:
			return nil, nil, err
		case seen && m == nil:
			fault = broken(Conflict, "The member is named twice.", at...)
		case fault == nil:
			rows[i], byID[id] = m, nil
		}
		if fault != nil {
			faults[i] = Errors{fault}
		}
	}
	return rows, faults, nil
}

// mayManage says why the viewer may not manage a member, or nil.
func (t *tx) mayManage(ctx context.Context, g *giver, m *ent.Member, at []string) (*Error, error) {
	if m == nil {
		return notFound(at...), nil
	}
	users := g.reach.Levels.At(access.Users)
	switch {
	case !m.Guest && users < access.View && m.UserID != t.viewer.UserID:
		return notFound(at...), nil
	case !m.Guest && users < access.Manage:
		return nil, ErrForbidden
	case !m.Guest:
		t.needed = append(t.needed, access.Users)
	}
	held, err := t.entitlementOf(ctx, m)
	if err != nil {
		return nil, err
	}
	faults, err := collect(t.mayTouch(ctx, g, held, at...))
	if err != nil || len(faults) == 0 {
		return nil, err
	}
	return faults[0], nil
}
