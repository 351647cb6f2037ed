package rule_test

import (
	"slices"
	"time"

	"mandate/ent/rule"
	"mandate/internal/access"
)

// narrow lets a list ask for what stands between customers and their partners.
func (c *check) narrow(l *rule.List) {
	if c.r.IntN(3) == 0 {
		l.AssignedTo = pick(c.r, c.w.assignments...).to
	}
	if c.r.IntN(3) == 0 {
		l.Assignable = new(bool)
		*l.Assignable = c.r.IntN(2) == 0
	}
	if c.r.IntN(3) == 0 {
		l.Standing = &rule.Standing{Status: pick(c.r, nil, []string{"ACTIVE"}, []string{"SUSPENDED", "EXPIRED"}, []string{"TERMINATED"})}
		if ends := pick(c.r, c.w.relationships...).ends; ends != nil && c.r.IntN(2) == 0 {
			later := ends.Add(time.Microsecond)
			l.Standing.EndsBefore = &later
		}
	}
}

// narrowed tells whether a tenant that is reached by a path is one that such a list asks for.
func (c *check) narrowed(l rule.List, x *tenant, p path) bool {
	return (l.AssignedTo == "" || c.assignedTo(l.AssignedTo, x)) &&
		(l.Assignable == nil || c.viewer.InPerson() && c.assignable(x) == *l.Assignable) &&
		(l.Standing == nil || c.stands(*l.Standing, x, p))
}

func (c *check) assignedTo(grantee string, x *tenant) bool {
	return slices.ContainsFunc(c.w.assignments, func(a *assignment) bool {
		return a.to == grantee && a.reached == x && a.status == "ACTIVE" && (a.ends == nil || c.w.now.Before(*a.ends))
	})
}

// own lists the tenants in which the viewer is a member, in a session of their own or by an API token, and holds a level.
func (c *check) own(feature access.Feature, level access.Level) (list []*membership) {
	for _, m := range c.w.members {
		held := m.levels()[feature]
		if t := c.viewer.Token; t != nil && (m != c.rests || t.Tenants != nil && !slices.Contains(t.Tenants, m.of.id)) {
			continue
		} else if t != nil {
			held = min(held, c.scopes[feature])
		}
		if m.user == c.viewer.UserID && !c.viewer.Entered() && m.status == "ACTIVE" && m.of.status == "ACTIVE" && held >= level {
			list = append(list, m)
		}
	}
	return list
}

func (c *check) assignable(x *tenant) bool {
	return slices.ContainsFunc(c.own(access.Assignments, access.Manage), func(m *membership) bool {
		msp := m.of.manager
		if msp == nil {
			return m.of.kind == "PARTNER" && c.w.live(m.of, x) != nil
		}
		return msp.status == "ACTIVE" && c.w.live(msp, x) != nil && len(c.w.given(m.of.partnerID, msp, x)) > 0
	})
}

func (c *check) stands(s rule.Standing, x *tenant, p path) bool {
	sees := c.own(access.Partners, access.View)
	return slices.ContainsFunc(c.w.relationships, func(q *relationship) bool {
		status := q.status
		if status != "TERMINATED" && q.ends != nil && !c.w.now.Before(*q.ends) {
			status = "EXPIRED"
		}
		asked := slices.Contains(s.Status, status) || len(s.Status) == 0 && (status == "ACTIVE" || status == "SUSPENDED")
		visible := p.via != rule.Own && p.levels[access.Partners] >= access.View ||
			slices.ContainsFunc(sees, func(m *membership) bool { return m.of == q.partner || m.of == q.customer })
		return q.customer == x && asked && visible && (s.EndsBefore == nil || q.ends != nil && q.ends.Before(*s.EndsBefore))
	})
}

func bears(x *tenant, tags []string) bool {
	return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(x.tags, tag) })
}

// rare tells whether few tenants bear one of the tags.
func (w *world) rare(tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		bearers := 0
		for _, x := range w.tenants {
			if bears(x, []string{tag}) {
				bearers++
			}
		}
		return bearers <= rule.FewBearers
	})
}
