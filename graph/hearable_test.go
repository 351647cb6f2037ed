package graph_test

import (
	"context"
	"slices"
	"strings"

	"mandate/ent/tenant"
	"mandate/internal/feed"
)

// row is a row that subscriptions tell of: how it stands, and which tenants it belongs to.
type row struct {
	state   string
	tenants []string
}

// hearable are the tables that subscriptions tell of, by what is read of them: the id, what changes when the row does, and the tenants.
var hearable = map[string]string{
	"inv": "SELECT id, version, partner_id, COALESCE(customer_id,'') FROM invitations",
	"rel": "SELECT id, version, partner_id, customer_id FROM relationships",
	"req": "SELECT id, CASE WHEN email_validated THEN 'PROVEN' ELSE 'UNPROVEN' END, tenant_id, status FROM access_requests",
	"mem": "SELECT id, version, tenant_id, '' FROM members",
}

// hearable reads all rows that subscriptions tell of.
func (s scene) hearable() map[string]row {
	s.Helper()
	found := make(map[string]row)
	for kind, query := range hearable {
		for _, line := range s.read(query) {
			v := strings.Split(line, " | ")
			r := row{state: v[1], tenants: []string{v[2]}}
			switch {
			case kind == "req":
				r.state += v[3]
			case v[3] != "":
				r.tenants = append(r.tenants, v[3])
			}
			found[v[0]] = r
		}
	}
	return found
}

// altered lists those of rows that were not so before.
func altered(before, after map[string]row) []string {
	var ids []string
	for id, r := range after {
		if before[id].state != r.state {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// latestEvent is the id of the latest event.
func (s scene) latestEvent() string {
	s.Helper()
	return s.read("SELECT COALESCE(MAX(id),'') FROM audit_events")[0]
}

// names checks that every row that changed is named by an event of each tenant that it belongs to: that is how others hear of it.
func (s scene) names(mutation string, before map[string]row, since string) {
	s.Helper()
	after := s.hearable()
	events, err := feed.After(context.Background(), s.DB.Read, since, 1000)
	s.must(err)
	for _, id := range altered(before, after) {
		for _, of := range after[id].tenants {
			if mutation == "deleteTenant" && !s.stands(of) {
				continue // nobody hears anything of it
			}
			named := slices.ContainsFunc(events, func(e feed.Event) bool {
				return (e.TenantID == of || e.OtherTenantID == of) && slices.Contains(e.Targets, id)
			})
			if !named {
				s.Errorf("%s changed %s, and no event of %s names it:\n%+v", mutation, id, of, events)
			}
		}
	}
}

// stands reports whether a tenant was not deleted.
func (s scene) stands(tenantID string) bool {
	s.Helper()
	t, err := s.Write.Tenant.Get(s.System(), tenantID)
	s.must(err)
	return t.Status != tenant.StatusDeleted
}
