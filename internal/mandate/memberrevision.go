package mandate

import (
	"context"

	"mandate/ent"
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
		{"access", r.held.title(), r.given.title()},
	} {
		list = append(list, change(c.field, c.before, c.after)...)
	}
	if !r.saw.equal(r.sees) { // whose titles may be the same: a site is called what the books say
		list = append(list, access.Change{Field: "sites", Before: some(r.saw.title()), After: some(r.sees.title())})
	}
	return list
}

// describes reports whether it changes what the tenant says of the person.
func (r revision) describes() bool {
	b, a := r.before, r.after
	return a.Handle != b.Handle || a.Label != b.Label || a.FirstName != b.FirstName || a.LastName != b.LastName || orZero(a.Phone) != orZero(b.Phone)
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
	if r.given, more, err = collected(t.regive(ctx, g, r, in)); err != nil {
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
	r.after.Administrator, r.after.RoleID, r.after.AllSites = r.given.administrator, some(r.given.role.id), r.sees.all
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
		{&after.Handle, in.UserID, mostHandle, "userId"}, {&after.Label, in.Label, mostLabel, "label"},
		{&after.FirstName, in.FirstName, mostName, "firstName"}, {&after.LastName, in.LastName, mostName, "lastName"},
	} {
		if part.from == nil {
			continue
		}
		var fault *Error
		*part.to, fault = oneLine(*part.from, part.most, part.field)
		faults = append(faults, those(fault)...)
	}
	if in.Phone != nil {
		number, fault := phone(*in.Phone)
		after.Phone, faults = &number, append(faults, those(fault)...)
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
