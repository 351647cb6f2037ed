package mandate

import (
	"context"
	"fmt"
	"slices"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/member"
	"mandate/ent/session"
	"mandate/internal/access"
)

// UpdateMembers changes members of a tenant, all or none, and returns those that changed. A dry run returns those that
// would change, as they are, and writes nothing.
//
// Errors name the row. NOT_FOUND, CONFLICT for a member named twice or a User ID that is taken, STALE_VERSION, INVALID,
// REQUIRED, TOO_LONG, PHONE_COUNTRY_CODE_REQUIRED, PERMISSION_REQUIRED_FOR_EACH_FEATURE, SSO_LEVEL_REQUIRED,
// ROLE_EXCEEDS_GRANT, LAST_ADMINISTRATOR, SELF_APPROVAL_FORBIDDEN, LIMIT_EXCEEDED. REAUTHENTICATION_REQUIRED to make
// somebody administrator.
func (s *Service) UpdateMembers(ctx context.Context, cmd UpdateMembers) (changed []*ent.Member, err error) {
	if fault := oneTo(len(cmd.Members), mostAtOnce, "members", "members"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		changed = nil
		if err := t.holdCatalogue(ctx, levelsIn(cmd.Members, func(m *MemberChange) []*Permission { return m.Permissions })...); err != nil {
			return err
		}
		g, err := t.giver(ctx, cmd.TenantID, []string{"tenantId"}, access.Guests)
		if err != nil {
			return err
		}
		revisions, err := t.revise(ctx, g, cmd.Members)
		if err != nil {
			return err
		}
		several := len(revisions) > 1
		revisions = slices.DeleteFunc(revisions, func(r revision) bool { return len(r.changes()) == 0 })
		if len(revisions) == 0 || orZero(cmd.DryRun) {
			for _, r := range revisions {
				changed = append(changed, r.before)
			}
			return nil
		}
		if slices.ContainsFunc(revisions, func(r revision) bool { return r.given.administrator && !r.held.administrator }) {
			if fault := t.recent(); fault != nil {
				return fault
			}
		}
		e := event{action: "member.updated", tenant: g.tn.ID}
		if changed, e.changes, err = t.applyAll(ctx, revisions, several); err != nil {
			return err
		}
		return t.record(ctx, e.about(changed))
	}, &changed)
	return changed, err
}

// applyAll writes revisions, and tells what changed; of several members named, whose it is.
func (t *tx) applyAll(ctx context.Context, revisions []revision, several bool) (changed []*ent.Member, changes []access.Change, err error) {
	var demoted []string
	for _, r := range revisions {
		if err := t.apply(ctx, r); err != nil {
			return nil, nil, err
		}
		changed = append(changed, r.after)
		if r.held.administrator && !r.given.administrator {
			demoted = append(demoted, r.after.UserID)
		}
		for _, c := range r.changes() {
			if several {
				c.Field = r.before.Handle + ": " + c.Field
			}
			changes = append(changes, c)
		}
	}
	if demoted == nil {
		return changed, changes, nil
	}
	return changed, changes, t.endUnreached(ctx, session.UserIDIn(demoted...))
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
	if err := t.readSites(ctx, rows); err != nil {
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

// apply writes a revision.
func (t *tx) apply(ctx context.Context, r revision) error {
	a := r.after
	ctx = belonging(ctx, a.UserID)
	a.Version, a.UpdatedAt = a.Version+1, t.now
	update := t.Member.Update().Where(member.ID(a.ID)).AddVersion(1)
	name := NameOf(a)
	if r.describes() {
		a.PresentHandle, a.SortName = some(SortName(a.Handle)), SortName(name)
		update.SetHandle(a.Handle).SetNillablePresentHandle(a.PresentHandle).SetLabel(a.Label).
			SetFirstName(a.FirstName).SetLastName(a.LastName).SetSortName(a.SortName).SetNillablePhone(a.Phone)
	}
	if !r.given.equal(r.held) {
		r.given.set(update.Mutation())
		if err := t.give(ctx, a, r.given); err != nil {
			return err
		}
	}
	if !r.saw.equal(r.sees) {
		update.SetAllSites(a.AllSites)
		if err := t.listSites(ctx, a, r.sees); err != nil {
			return err
		}
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("change a member: %w", err)
	}
	if name == NameOf(r.before) {
		return nil
	}
	if err := t.Assignment.Update().Where(assignment.GranteeID(a.ID), assignment.OpenKeyNotNil()).SetGranteeName(name).Exec(ctx); err != nil {
		return fmt.Errorf("rename a grantee: %w", err)
	}
	return nil
}

// managed reads members of a tenant whom the viewer may manage, each at its position, and what is wrong with the others.
// Without USERS a viewer manages guests only, and knows of no one else. field is what names a member below its row; ""
// for the row itself.
func (t *tx) managed(ctx context.Context, g *giver, ids []string, field string) ([]*ent.Member, []Errors, error) {
	byID, err := t.holders(ctx, g.tn.ID, ids)
	if err != nil {
		return nil, nil, err
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
	case !m.Guest && users < access.View && !t.viewer.Holds(m.ID, m.UserID):
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
