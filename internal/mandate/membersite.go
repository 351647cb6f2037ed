package mandate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/membersite"
	"mandate/ent/site"
	"mandate/internal/access"
)

// siteLimit is which sites a member sees: all of them, or those listed.
type siteLimit struct {
	all  bool
	list []*ent.Site
}

// title names the sites for the audit trail, by their numbers.
func (l siteLimit) title() string {
	if l.all {
		return "all"
	}
	numbers := make([]string, len(l.list))
	for i, s := range l.list {
		numbers[i] = s.AccountNumber
	}
	slices.Sort(numbers)
	return strings.Join(numbers, ", ")
}

// lacks returns whether the second limit has anything that the first has not.
func (l siteLimit) lacks(o siteLimit) bool {
	if l.all {
		return false
	}
	return o.all || slices.ContainsFunc(o.list, func(s *ent.Site) bool { return !l.has(s.ID) })
}

func (l siteLimit) equal(o siteLimit) bool { return !l.lacks(o) && !o.lacks(l) }

func (l siteLimit) has(id string) bool {
	return slices.ContainsFunc(l.list, func(s *ent.Site) bool { return s.ID == id })
}

// readSites reads the sites that are listed for members: for those who do not see all.
func (t *tx) readSites(ctx context.Context, members []*ent.Member) error {
	limited := make(map[string]*ent.Member)
	for _, m := range members {
		if m != nil && !m.AllSites {
			limited[m.ID] = m
		}
	}
	if len(limited) == 0 {
		return nil
	}
	rows, err := t.MemberSite.Query().Where(membersite.MemberIDIn(slices.Collect(maps.Keys(limited))...)).WithSite().All(ctx)
	if err != nil {
		return fmt.Errorf("read listed sites: %w", err)
	}
	for _, row := range rows {
		e := &limited[row.MemberID].Edges
		e.MemberSites = append(e.MemberSites, row)
	}
	return nil
}

// siteLimitOf reads which sites a member sees. The member was read with its listed sites.
func siteLimitOf(m *ent.Member) siteLimit {
	l := siteLimit{all: m.AllSites}
	for _, s := range m.Edges.MemberSites {
		l.list = append(l.list, s.Edges.Site)
	}
	return l
}

// siteGiver is what somebody who gives sites to members may give: the sites that commands name, as far as the giver sees
// them.
type siteGiver struct {
	limit siteLimit
	seen  map[string]*ent.Site
}

// siteGiver reads what the viewer may give of the sites that a command names.
func (t *tx) siteGiver(ctx context.Context, g *giver, named []string) (*siteGiver, error) {
	s := &siteGiver{limit: siteLimit{all: true}, seen: make(map[string]*ent.Site)}
	if g.limited() {
		own, err := t.Member.Query().Where(member.TenantID(g.tn.ID), member.PresentUserID(t.viewer.UserID)).
			WithMemberSites(withSite).Only(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the viewer's sites: %w", err)
		}
		s.limit = siteLimitOf(own)
		for _, row := range s.limit.list {
			s.seen[row.ID] = row
		}
		return s, nil
	}
	if g.reach.Levels.At(access.Sites) < access.View {
		return s, nil
	}
	for _, part := range split(distinct(named)) {
		rows, err := t.Site.Query().Where(site.TenantID(g.tn.ID), site.IDIn(part...)).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read sites: %w", err)
		}
		for _, row := range rows {
			s.seen[row.ID] = row
		}
	}
	return s, nil
}

// limited reports whether the viewer sees some of the tenant's sites only.
func (g *giver) limited() bool {
	return g.reach.Levels.At(access.Sites) >= access.View && !g.reach.AllSites()
}

// shows reports whether the second entitlement shows sites that the first one does not.
func shows(before, after entitlement) bool {
	return after.levels().At(access.Sites) > before.levels().At(access.Sites)
}

// mostSites is how many sites are listed for a member.
const mostSites = 100

// give decides which sites a command gives to a member.
func (s *siteGiver) give(all bool, ids []string) (siteLimit, Errors) {
	switch {
	case all && len(ids) > 0:
		return siteLimit{}, Errors{broken(Invalid, "A member with all sites has none listed.", "siteIds")}
	case all && !s.limit.all:
		return siteLimit{}, Errors{broken(RoleExceedsGrant, "You do not see all sites yourself.", "allSites")}
	case all:
		return siteLimit{all: true}, nil
	case len(ids) == 0:
		return siteLimit{}, Errors{broken(Required, "Name the sites that the member is to see.", "siteIds")}
	}
	faults := those(atMost(len(ids), mostSites, "sites", "siteIds"))
	if faults != nil {
		return siteLimit{}, faults
	}
	var l siteLimit
	for i, id := range ids {
		switch row := s.seen[id]; {
		case row == nil:
			faults = append(faults, notFound("siteIds", strconv.Itoa(i)))
		case !l.has(id):
			l.list = append(l.list, row)
		}
	}
	return l, faults
}

// listSites writes which sites a member sees in the place of those that were listed.
func (t *tx) listSites(ctx context.Context, m *ent.Member, l siteLimit) error {
	if _, err := t.MemberSite.Delete().Where(membersite.MemberID(m.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("take sites back: %w", err)
	}
	return t.listFirstSites(ctx, m, l)
}

// listFirstSites is listSites for a member who has none yet.
func (t *tx) listFirstSites(ctx context.Context, m *ent.Member, l siteLimit) error {
	rows := make([]*ent.MemberSiteCreate, len(l.list))
	for i, s := range l.list {
		rows[i] = t.MemberSite.Create().SetTenantID(m.TenantID).SetMemberID(m.ID).SetSiteID(s.ID)
	}
	if err := t.MemberSite.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("list sites: %w", err)
	}
	return nil
}

func withSite(q *ent.MemberSiteQuery) { q.WithSite() }
