package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mandate/ent"
	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

// servers is a pair of servers that share a database, with everybody who works for a customer or in a tech partner's tenant.
type servers struct {
	scene
	other                              *testworld.World
	root, acme, contoso, nordic, reset *testworld.Company // Nordic is an integrator and Reset an installer, both Acme's
	people                             map[string]*testworld.Person
	places                             map[string]*testworld.Company // where each of them works
	bond                               *ent.Relationship
	shift, north, watch                string // groups of Acme's: over all customers, over Contoso, and delegated to Nordic
	carried, owned                     *ent.Role
	staffs, nordics, fitters           *ent.Assignment
}

// Who is affected, by name; where the name alone does not tell it, with how or where they work.
const (
	outsiders = "acme, second, staff, rolled, member, listed, nordic, fitter, reset"
	entered   = "staff entered, member entered, fitter entered"
	own       = "contoso, clerk, keeper"
	delegates = "helper, night"
	managers  = "acme in Nordic, second in Nordic"
)

// openServers makes a customer with everybody who can work for it.
func openServers(t *testing.T, url string) *servers {
	t.Helper()
	w := testworld.New(t, url)
	s := &servers{scene: scene{t, w}, other: w.Another(url), people: make(map[string]*testworld.Person), places: make(map[string]*testworld.Company)}
	s.root, s.acme, s.contoso = s.Operator(), s.NewPartner("Acme"), s.Customer("Contoso")
	s.bond = s.Manages(s.acme, s.contoso)
	s.nordic, s.reset = s.TechPartner(s.acme, "Nordic", partner.TypeIntegrator), s.TechPartner(s.acme, "Reset", partner.TypeInstaller)
	for _, c := range []*testworld.Company{s.contoso, s.nordic} {
		s.must(s.Write.Tenant.UpdateOneID(c.ID).SetEmail("office@" + c.SortName + ".example").Exec(s.System()))
	}
	levels := map[feature]accessLevel{"TENANT": manage, "AUDIT": view}
	s.carried, s.owned = s.CustomRole(s.acme.Tenant, "Carried", levels), s.CustomRole(s.contoso.Tenant, "Owned", levels)
	s.hireStaff()
	s.hireTechPartners()
	s.meet(s.contoso, map[string]*testworld.Person{"contoso": s.contoso.Admin,
		"clerk":  s.Staff(s.contoso, "clerk", testworld.Role("ADMINISTRATOR")),
		"keeper": s.Staff(s.contoso, "keeper", testworld.Custom(s.owned))})
	return s
}

// meet notes who works where.
func (s *servers) meet(place *testworld.Company, people map[string]*testworld.Person) {
	for who, p := range people {
		s.people[who], s.places[who] = p, place
	}
}

// hireStaff gives Acme people who reach Contoso, each in another way.
func (s *servers) hireStaff() {
	s.Helper()
	second, staff, rolled := s.Staff(s.acme, "second", testworld.Administrator), s.Staff(s.acme, "staff", testworld.Nothing), s.Staff(s.acme, "rolled", testworld.Nothing)
	member, listed := s.Staff(s.acme, "member", testworld.Nothing), s.Staff(s.acme, "listed", testworld.Nothing)
	s.staffs = s.Assign(s.acme, s.contoso, staff, access.Administrator)
	s.asks(s.acme.Admin, "assign", in{"granteeId": rolled.Member(s.acme.Tenant).ID, "tenantId": s.contoso.ID, "roleId": s.carried.ID}).OK()
	s.shift = s.group("Shift", "ALL_CUSTOMERS", nil, member)
	s.north = s.group("North", "SPECIFIC_CUSTOMERS", []string{s.contoso.ID}, listed)
	s.meet(s.contoso, map[string]*testworld.Person{"acme": s.acme.Admin, "second": second, "staff": staff, "rolled": rolled, "member": member,
		"listed": listed, "staff entered": s.narrowed(staff, s.contoso), "member entered": s.narrowed(member, s.contoso)})
}

// hireTechPartners lets Acme's tech partners work for Contoso, and some of Acme's people in Nordic's tenant.
func (s *servers) hireTechPartners() {
	s.Helper()
	fitter, helper, night := s.Staff(s.nordic, "fitter", testworld.Nothing), s.Staff(s.acme, "helper", testworld.Nothing), s.Staff(s.acme, "night", testworld.Nothing)
	s.nordics = s.AssignTo(s.acme, s.contoso, s.nordic, access.Administrator)
	s.fitters = s.LetWork(s.nordic, s.contoso, fitter, access.Administrator)
	s.asks(s.acme.Admin, "setAssignedCustomers", in{"partnerId": s.reset.Partner.ID, "assign": []string{s.contoso.ID}, "accessPeriod": days(7)}).OK()
	s.watch = s.group("Watch", "SPECIFIC_CUSTOMERS", nil, night)
	s.delegate([]*testworld.Person{helper}, s.watch)
	s.meet(s.contoso, map[string]*testworld.Person{"nordic": s.nordic.Admin, "reset": s.reset.Admin, "fitter": fitter, "fitter entered": s.narrowed(fitter, s.contoso)})
	s.meet(s.nordic, map[string]*testworld.Person{"acme in Nordic": s.acme.Admin, "second in Nordic": s.people["second"], "helper": helper, "night": night,
		"helper entered": s.narrowed(helper, s.nordic)})
}

// group makes a privilege group of Acme's.
func (s *servers) group(name, scope string, customers []string, members ...*testworld.Person) string {
	s.Helper()
	return s.asks(s.acme.Admin, "createPrivilegeGroup", in{"tenantId": s.acme.ID, "name": name, "scope": scope, "customerIds": customers, "roleKey": "ADMINISTRATOR",
		"memberIds": placesOf(s.acme, members...)}).OK().String("createPrivilegeGroup.privilegeGroup.id")
}

// delegate saves who of Acme's works in Nordic's tenant.
func (s *servers) delegate(people []*testworld.Person, groups ...string) {
	s.Helper()
	members := []in{}
	for _, p := range people {
		members = append(members, in{"memberId": p.Member(s.acme.Tenant).ID, "roleKey": "ADMINISTRATOR"})
	}
	s.asks(s.acme.Admin, "setMspDelegations", in{"tenantId": s.nordic.ID, "members": members, "privilegeGroupIds": append([]string{}, groups...)}).OK()
}

// narrowed is the person in a session that entered a company, and is looked up for every request.
func (s *servers) narrowed(p *testworld.Person, into *testworld.Company) *testworld.Person {
	s.Helper()
	entered := s.Bearer(s.asks(p, "enterTenant", in{"tenantId": into.ID}).OK().String("enterTenant.token"))
	entered.ID = p.ID
	return entered
}

// view tells all that somebody gets from a server of the place where they work: by node and tenant, in lists and their
// counts, a guarded field, the access list, the level that checkAccess tells, and what becomes of a change.
func (s *servers) view(server *testworld.World, who string) string {
	s.Helper()
	p, place := s.people[who].At(server), s.places[who]
	a := p.Do(`query($id: ID!, $user: ID!) { node(id: $id) { id } tenant(id: $id) { email accessList(first: 1) { totalCount } }
		customers(first: 100) { totalCount nodes { id } } techPartners(first: 100) { totalCount nodes { tenant { id } } }
		checkAccess(input: {userId: $user, tenantId: $id, feature: "TENANT", level: MANAGE}) { allowed level paths { via } } }`, vars{"id": place.ID, "user": p.ID})
	if a.Status == 401 {
		return signedOut
	}
	got := a.Errors()
	for what, path := range map[string]string{"node": "node.id", "tenant": "tenant", "email": "tenant.email", "access list": "tenant.accessList"} {
		if a.At(path) != nil {
			got = append(got, what)
		}
	}
	for list, id := range map[string]string{"customers": "id", "techPartners": "tenant.id"} {
		ids := a.Column(list+".nodes", id)
		if slices.Contains(ids, place.ID) {
			got = append(got, "listed")
		}
		if n := a.At(list + ".totalCount"); n != float64(len(ids)) {
			s.Errorf("%s is told that %v are %v", who, ids, n)
		}
	}
	slices.Sort(got)
	level := a.String("checkAccess.level")
	if allowed, paths := a.At("checkAccess.allowed"), a.List("checkAccess.paths"); allowed != (level == "MANAGE") || len(paths) > 0 != (a.At("tenant") != nil) {
		s.Errorf("checkAccess tells %s: %v", who, a.At("checkAccess"))
	}
	change := outcome(s.asks(p, "updateTenant", in{"id": place.ID}))
	return strings.Join(append(got, level, change), ", ")
}

// memberOf names somebody by their membership in a company.
func (s *servers) memberOf(who string, c *testworld.Company) string {
	s.Helper()
	return s.people[who].Member(c.Tenant).ID
}

// takes has somebody carry a mutation out on the first server.
func (s *servers) takes(who, mutation string, input in) {
	s.Helper()
	p := s.people[who]
	if who == "root" {
		p = s.root.Admin
	}
	s.asks(p, mutation, input).OK()
}

// outsidersOf lists whom from outside the access list of Contoso names, each with what they may do with its profile.
func (s *servers) outsidersOf(server *testworld.World) (list []string) {
	s.Helper()
	a := s.contoso.Admin.At(server).Do(`query($id: ID!) { tenant(id: $id) { accessList(first: 100) { nodes { person { name } permissions { feature { key } level } } } } }`,
		vars{"id": s.contoso.ID}).OK()
	if a.At("tenant") == nil {
		return nil
	}
	for i, name := range a.Column("tenant.accessList.nodes", "person.name") {
		at := fmt.Sprintf("tenant.accessList.nodes.%d.permissions", i)
		level := a.Column(at, "level")[slices.Index(a.Column(at, "feature.key"), "TENANT")]
		list = append(list, strings.ToLower(strings.TrimSuffix(name, " Smith"))+" "+level)
	}
	slices.Sort(list)
	return list
}

// reads checks what both servers tell of some, at the very next request of each.
func (s *servers) reads(told map[string]string) {
	s.Helper()
	for name, server := range map[string]*testworld.World{"the first server": s.World, "the other server": s.other} {
		got := make(map[string]string)
		for who := range told {
			got[who] = s.view(server, who)
		}
		s.is(name, got, told)
	}
}

// holds checks what both servers tell of everybody, and whom the access list names.
func (s *servers) holds(told map[string]string) {
	s.Helper()
	s.reads(told)
	for name, server := range map[string]*testworld.World{"the first server": s.World, "the other server": s.other} {
		s.is("access list of "+name, s.outsidersOf(server), listedOf(told))
	}
}

// listedOf is what the access list of Contoso tells of those of whom this is told.
func listedOf(told map[string]string) []string {
	if told["contoso"] == nothing {
		return nil
	}
	list := []string{"root MANAGE"}
	for who := range strings.SplitSeq(outsiders+", blue", ", ") {
		if parts := strings.Split(told[who], ", "); told[who] != "" && told[who] != nothing {
			list = append(list, who+" "+parts[len(parts)-2])
		}
	}
	slices.Sort(list)
	return list
}
