package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

// inside is Contoso with everybody who can get in from outside.
type inside struct {
	acme, contoso, nordic              *testworld.Company
	clerk, grouped, fitter, root, idle *testworld.Person
}

func (s scene) inside() inside {
	s.Helper()
	w := inside{acme: s.NewPartner("Acme"), contoso: s.Customer("Contoso")}
	s.connected(w.acme, w.contoso, "ADMINISTRATOR")
	w.nordic = s.TechPartner(w.acme, "Nordic", partner.TypeInstaller)
	w.root = s.Operator().Admin
	w.clerk, w.grouped = s.Staff(w.acme, "clerk", testworld.Nothing), s.Staff(w.acme, "grouped", testworld.Nothing)
	w.idle = s.Staff(w.acme, "idle", testworld.Role("PRIME_ADMIN"))
	w.fitter = s.Staff(w.nordic, "fitter", testworld.Nothing)
	phone, _ := access.SystemRoleByKey("PHONE_MANAGER")
	s.Group(w.acme, "Night shift", phone.ID, w.grouped)
	s.given(w.acme.Admin, w.clerk.Member(w.acme.Tenant).ID, w.contoso.ID, "READ_ONLY", in{"days": 10})
	s.AssignTo(w.acme, w.contoso, w.nordic, "PHONE_MANAGER")
	s.LetWork(w.nordic, w.contoso, w.fitter, "ADMINISTRATOR")
	return w
}

const showAccess = `paths { via level endsAt links { kind label role } }`

// listed writes an access list out, a line for everybody.
func (s scene) listed(p *testworld.Person, tenantID string, first int, after any) (lines []string, a *testworld.Answer) {
	s.Helper()
	a = p.Do(`query($t: ID!, $n: Int!, $c: String) { tenant(id: $t) { accessList(first: $n, after: $c) { totalCount pageInfo { hasNextPage endCursor }
		nodes { person { name } company { name kind } endsAt lastUsedAt permissions { level feature { key } } `+showAccess+` } } } }`, vars{"t": tenantID, "n": first, "c": after}).OK()
	for i := range a.List("tenant.accessList.nodes") {
		at := fmt.Sprintf("tenant.accessList.nodes.%d.", i)
		lines = append(lines, strings.Join([]string{a.String(at + "person.name"), a.String(at + "company.name"),
			strings.Join(a.Column(at+"paths", "via"), "+"), a.String(at + "paths.0.level"), fmt.Sprint(a.At(at + "endsAt")), fmt.Sprint(a.At(at + "lastUsedAt"))}, ", "))
	}
	return lines, a
}

// asksWhether answers checkAccess as "allowed level via+via".
func (s scene) asksWhether(p *testworld.Person, userID, tenantID, feature, level string) string {
	s.Helper()
	a := p.Do(`query($in: CheckAccessInput!) { checkAccess(input: $in) { allowed level `+showAccess+` } }`,
		vars{"in": in{"userId": userID, "tenantId": tenantID, "feature": feature, "level": level}}).OK()
	return strings.TrimSpace(fmt.Sprint(a.At("checkAccess.allowed"), " ", a.At("checkAccess.level"), " ", strings.Join(a.Column("checkAccess.paths", "via"), "+")))
}

func TestWhoCanReachATenant(t *testing.T) {
	eachScene(t, func(s scene) {
		w := s.inside()
		ends := s.Now().AddDate(0, 0, 10).Format(time.RFC3339)
		s.does(w.fitter, "enterTenant", in{"tenantId": w.contoso.ID})
		day := s.Now().Truncate(24 * time.Hour).Format(time.RFC3339)
		everybody := []string{
			"Acme Smith, Acme, RELATIONSHIP, MANAGE, <nil>, " + day, // who assigned the clerk
			"Clerk Smith, Acme, ASSIGNMENT, VIEW, " + ends + ", <nil>",
			"Fitter Smith, Nordic, TECH_PARTNER, MANAGE, <nil>, " + day,
			"Grouped Smith, Acme, PRIVILEGE_GROUP, MANAGE, <nil>, <nil>",
			"Nordic Smith, Nordic, TECH_PARTNER, MANAGE, <nil>, <nil>",
			"Root Smith, Operator, OPERATOR, MANAGE, <nil>, <nil>",
		}
		s.then("its administrator reads everybody from outside, by which way, how far, until when, and when last", func(s scene) {
			lines, a := s.listed(w.contoso.Admin, w.contoso.ID, 100, nil)
			slices.Sort(lines)
			s.sees(lines, everybody...)
			s.is("total", a.At("tenant.accessList.totalCount"), any(float64(6)))
		})
		s.then("page by page", func(s scene) {
			var all []string
			for after := any(nil); ; {
				lines, a := s.listed(w.contoso.Admin, w.contoso.ID, 2, after)
				all = append(all, lines...)
				if after = a.At("tenant.accessList.pageInfo.endCursor"); a.At("tenant.accessList.pageInfo.hasNextPage") == false {
					break
				}
			}
			slices.Sort(all)
			s.sees(all, everybody...)
		})
		s.then("whoever lacks AUDIT reads none of it", func(s scene) {
			a := w.grouped.Do(`query($t: ID!) { tenant(id: $t) { name accessList(first: 1) { totalCount } } }`, vars{"t": w.contoso.ID})
			s.sees(a.Errors(), "FORBIDDEN at tenant.accessList")
			s.is("the list", a.At("tenant.accessList"), nil)
		})
		s.then("one tenant at a time", func(s scene) {
			s.connected(w.acme, s.Customer("Fabrikam"), "ADMINISTRATOR")
			a := w.acme.Admin.Do(`{ customers(first: 2) { nodes { accessList(first: 1) { totalCount } } } }`, nil)
			for _, e := range a.Errors() {
				s.is("the error", strings.Fields(e)[0], "QUERY_TOO_COMPLEX")
			}
			s.is("errors", len(a.Errors()), 2)
		})
		s.then("who has gone is gone", func(s scene) {
			s.does(w.acme.Admin, "removeMembers", in{"tenantId": w.acme.ID, "ids": []string{w.clerk.Member(w.acme.Tenant).ID}})
			lines, _ := s.listed(w.contoso.Admin, w.contoso.ID, 100, nil)
			s.is("everybody", len(lines), 5)
		})
	})
}

func TestMayThey(t *testing.T) {
	eachScene(t, func(s scene) {
		w := s.inside()
		in, out := w.contoso.ID, s.Customer("Fabrikam").ID
		for _, c := range []struct {
			outcome        string
			asks, about    *testworld.Person
			tenant         string
			feature, level string
			want           string
		}{
			{"oneself, as an administrator of it", w.contoso.Admin, w.contoso.Admin, in, "PARTNERS", "MANAGE", "true MANAGE OWN"},
			{"oneself, below the ceiling", w.acme.Admin, w.acme.Admin, in, "PARTNERS", "MANAGE", "false VIEW RELATIONSHIP"},
			{"oneself, by an assignment", w.clerk, w.clerk, in, "tickets", "VIEW", "true VIEW ASSIGNMENT"},
			{"somebody, to who reads the trail", w.contoso.Admin, w.grouped, in, "tickets", "MANAGE", "true MANAGE PRIVILEGE_GROUP"},
			{"a tech partner's fitter, by three links", w.contoso.Admin, w.fitter, in, "invoices", "VIEW", "false NONE TECH_PARTNER"},
			{"the MSP's administrator in the tech partner", w.acme.Admin, w.acme.Admin, w.nordic.ID, "USERS", "MANAGE", "true MANAGE MSP"},
			{"somebody who does not get in", w.contoso.Admin, w.idle, in, "TENANT", "VIEW", "false NONE"},
			{"nothing, which everybody may who gets in", w.clerk, w.clerk, in, "PARTNERS", "NONE", "true VIEW ASSIGNMENT"},
			{"nothing, for somebody who does not get in", w.contoso.Admin, w.idle, in, "PARTNERS", "NONE", "false NONE"},
			{"somebody else, without AUDIT", w.grouped, w.clerk, in, "TENANT", "VIEW", "false NONE"},
			{"a tenant out of reach", w.contoso.Admin, w.contoso.Admin, out, "TENANT", "VIEW", "false NONE"},
			{"a tenant that there is not", w.contoso.Admin, w.contoso.Admin, "ten_nothing", "TENANT", "VIEW", "false NONE"},
			{"a feature that there is not", w.contoso.Admin, w.contoso.Admin, in, "teapots", "VIEW", "false NONE"},
		} {
			s.then(c.outcome, func(s scene) { s.is("answer", s.asksWhether(c.asks, c.about.ID, c.tenant, c.feature, c.level), c.want) })
		}
		s.then("every link of a path is named, from the person on", func(s scene) {
			a := w.contoso.Admin.Do(`query($in: CheckAccessInput!) { checkAccess(input: $in) { `+showAccess+` } }`,
				vars{"in": map[string]any{"userId": w.fitter.ID, "tenantId": in, "feature": "tickets", "level": "VIEW"}}).OK()
			s.sees(a.Column("checkAccess.paths.0.links", "kind"), "MEMBERSHIP", "RELATIONSHIP", "ASSIGNMENT", "ASSIGNMENT")
			s.sees(a.Column("checkAccess.paths.0.links", "label"), "Nordic", "Acme – Contoso", "Acme – Nordic", "Nordic – Fitter Smith")
			s.sees(a.Column("checkAccess.paths.0.links", "role"), "<nil>", "Administrator", "Phone Manager", "Administrator")
		})
		s.then("a session that entered asks about where it is only", func(s scene) {
			entered := w.acme.Admin.Entered(in)
			s.is("here", s.asksWhether(entered, w.acme.Admin.ID, in, "tickets", "MANAGE"), "true MANAGE RELATIONSHIP")
			s.is("elsewhere", s.asksWhether(entered, w.acme.Admin.ID, w.acme.ID, "tickets", "MANAGE"), "false NONE")
		})
		s.then("the clock ends it", func(s scene) {
			s.Later(10 * 24 * time.Hour)
			s.is("answer", s.asksWhether(w.contoso.Admin, w.clerk.ID, in, "tickets", "VIEW"), "false NONE")
		})
	})
}
