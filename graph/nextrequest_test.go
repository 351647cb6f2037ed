package graph_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// What is told of somebody: of an outsider, of one of the customer's own people, and of who reaches nothing any more.
const (
	works     = "access list, email, listed, node, tenant, MANAGE, OK"
	belongs   = "access list, email, node, tenant, MANAGE, OK" // nobody is listed as their own customer
	nothing   = "NONE, NOT_FOUND at input.id"
	signedOut = "signed out"
)

// less is what is told of somebody who may read still, and change nothing.
func less(before string) string {
	return strings.TrimSuffix(before, "MANAGE, OK") + "VIEW, FORBIDDEN at updateTenant"
}

// little is what is told of somebody who may read the trail still, and nothing of the profile.
func little(before string) string {
	return "FORBIDDEN at tenant.email, " + strings.ReplaceAll(strings.TrimSuffix(before, "MANAGE, OK"), "email, ", "") + "NONE, FORBIDDEN at updateTenant"
}

// taking is something that takes access away.
type taking struct {
	what    string
	take    func(s *servers)
	gone    string // who reaches nothing from then on
	ended   string // whose entered session is over
	lowered string // who may only read
	blinded string // who may hardly read
}

// tells is what is told of everybody from then on: of whoever is not named, the same as before.
func (x taking) tells(s *servers) map[string]string {
	told := make(map[string]string)
	for who := range s.people {
		told[who] = works
	}
	become := func(list string, what func(before string) string) {
		for who := range strings.SplitSeq(list, ", ") {
			if before, known := told[who]; known {
				told[who] = what(before)
			} else if who != "" {
				s.Fatalf("who is %s?", who)
			}
		}
	}
	become(own, func(string) string { return belongs })
	become(x.gone, func(string) string { return nothing })
	become(x.ended, func(string) string { return signedOut })
	become(x.lowered, less)
	become(x.blinded, little)
	return told
}

// before is what is told, before it, of those whom it concerns.
func (x taking) before(s *servers) map[string]string {
	before, after := taking{}.tells(s), x.tells(s)
	maps.DeleteFunc(before, func(who, told string) bool { return told == after[who] })
	return before
}

// TestT09TheNextRequest: what one server took away is denied at the very next request, by the other server and by itself.
func TestT09TheNextRequest(t *testing.T) {
	t.Parallel()
	for _, x := range slices.Concat(takenByEnds, handedOver, takenByTenants, takenByAssignments, takenByGroups, takenByRoles, takenByMembers) {
		t.Run(x.what, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, url string) {
				s := openServers(t, url)
				s.reads(x.before(s))
				x.take(s)
				s.holds(x.tells(s))
			})
		})
	}
}

var takenByEnds = []taking{
	{what: "the customer ends it", take: func(s *servers) { s.takes("contoso", "terminateRelationship", in{"id": s.bond.ID}) }, gone: outsiders, ended: entered},
	{what: "the partner ends it", take: func(s *servers) { s.takes("acme", "terminateRelationship", in{"id": s.bond.ID}) }, gone: outsiders, ended: entered},
	{what: "the customer suspends it", take: func(s *servers) { s.takes("contoso", "suspendRelationship", in{"id": s.bond.ID}) }, gone: outsiders + ", " + entered},
	{what: "the partner suspends it", take: func(s *servers) { s.takes("acme", "suspendRelationship", in{"id": s.bond.ID}) }, gone: outsiders + ", " + entered},
	{what: "the customer narrows it", take: func(s *servers) {
		s.takes("contoso", "narrowRelationship", in{"id": s.bond.ID, "roleKey": "READ_ONLY"})
	}, lowered: outsiders + ", " + entered},
	{what: "the partner narrows it", take: func(s *servers) { s.takes("acme", "narrowRelationship", in{"id": s.bond.ID, "roleKey": "READ_ONLY"}) }, lowered: outsiders + ", " + entered},
}

// handedOver is what follows when the customer accepts another partner in Acme's place.
var handedOver = []taking{{what: "the customer hands over", take: func(s *servers) {
	blue := s.NewPartner("Blue")
	s.meet(s.contoso, map[string]*testworld.Person{"blue": blue.Admin})
	id := s.asks(blue.Admin, "inviteCustomer", in{"email": s.contoso.Admin.Email}).OK().String("inviteCustomer.invitation.id")
	s.takes("contoso", "acceptInvitation", in{"id": id, "replaceCurrent": true})
}, gone: outsiders, ended: entered}}

var takenByTenants = []taking{
	{what: "the customer is suspended", take: func(s *servers) { s.takes("root", "suspendTenant", in{"id": s.contoso.ID}) }, gone: outsiders + ", " + own + ", " + entered},
	{what: "the customer is deleted", take: func(s *servers) { s.takes("contoso", "deleteTenant", in{"id": s.contoso.ID}) }, gone: outsiders + ", " + own, ended: entered},
	{what: "the tech partner is suspended", take: func(s *servers) { s.takes("acme", "suspendTenant", in{"id": s.nordic.ID}) },
		gone: "nordic, fitter, fitter entered, helper entered, " + delegates},
	{what: "the tech partner is deleted", take: func(s *servers) { s.takes("acme", "deleteTenant", in{"id": s.nordic.ID}) },
		gone: "nordic, fitter, " + delegates + ", " + managers, ended: "fitter entered, helper entered"},
	{what: "the MSP is suspended", take: func(s *servers) { s.takes("root", "suspendTenant", in{"id": s.acme.ID}) },
		gone: outsiders + ", " + delegates + ", " + managers + ", helper entered, " + entered},
	{what: "the MSP is deleted after its tech partners", take: func(s *servers) {
		for _, c := range []*testworld.Company{s.nordic, s.reset, s.acme} {
			s.takes("acme", "deleteTenant", in{"id": c.ID})
		}
	}, gone: outsiders + ", " + delegates + ", " + managers, ended: entered + ", helper entered"},
}

var takenByAssignments = []taking{
	{what: "the partner sends one of its people home", take: func(s *servers) { s.takes("acme", "revokeAssignments", in{"ids": []string{s.staffs.ID}}) }, gone: "staff", ended: "staff entered"},
	{what: "the customer sends one of the partner's people home", take: func(s *servers) { s.takes("contoso", "revokeAssignments", in{"ids": []string{s.staffs.ID}}) }, gone: "staff", ended: "staff entered"},
	{what: "the MSP takes the tech partner's place", take: func(s *servers) { s.takes("acme", "revokeAssignments", in{"ids": []string{s.nordics.ID}}) }, gone: "nordic, fitter", ended: "fitter entered"},
	{what: "the customer sends the tech partner home", take: func(s *servers) { s.takes("contoso", "revokeAssignments", in{"ids": []string{s.nordics.ID}}) }, gone: "nordic, fitter", ended: "fitter entered"},
	{what: "the tech partner sends one of its people home", take: func(s *servers) { s.takes("nordic", "revokeAssignments", in{"ids": []string{s.fitters.ID}}) }, gone: "fitter", ended: "fitter entered"},
	{what: "the customer sends one of the tech partner's people home", take: func(s *servers) { s.takes("contoso", "revokeAssignments", in{"ids": []string{s.fitters.ID}}) }, gone: "fitter", ended: "fitter entered"},
	{what: "the tech partner is unassigned", take: func(s *servers) {
		s.takes("acme", "setAssignedCustomers", in{"partnerId": s.nordic.Partner.ID, "unassign": []string{s.contoso.ID}})
	}, gone: "nordic, fitter", ended: "fitter entered"},
	{what: "the tech partner is given a lower role", take: func(s *servers) {
		s.takes("acme", "setAssignedCustomers", in{"partnerId": s.nordic.Partner.ID, "assign": []string{s.contoso.ID}, "roleKey": "READ_ONLY"})
	}, lowered: "nordic, fitter, fitter entered"},
	{what: "one of the partner's people is given a lower role", take: func(s *servers) {
		s.takes("acme", "assign", in{"granteeId": s.memberOf("staff", s.acme), "tenantId": s.contoso.ID, "roleKey": "READ_ONLY"})
	}, lowered: "staff, staff entered"},
	{what: "a member is delegated with a lower role", take: func(s *servers) {
		s.takes("acme", "assign", in{"granteeId": s.memberOf("helper", s.acme), "tenantId": s.nordic.ID, "roleKey": "READ_ONLY"})
	}, lowered: "helper, helper entered"},
	{what: "a member is delegated no longer", take: func(s *servers) { s.delegate(nil, s.watch) }, gone: "helper", ended: "helper entered"},
	{what: "a group is delegated no longer", take: func(s *servers) { s.delegate([]*testworld.Person{s.people["helper"]}) }, gone: "night"},
}

var takenByGroups = []taking{
	{what: "a member leaves the group", take: func(s *servers) {
		s.takes("acme", "updatePrivilegeGroup", in{"id": s.shift, "removeMemberIds": []string{s.memberOf("member", s.acme)}})
	}, gone: "member", ended: "member entered"},
	{what: "a member leaves the delegated group", take: func(s *servers) {
		s.takes("acme", "updatePrivilegeGroup", in{"id": s.watch, "removeMemberIds": []string{s.memberOf("night", s.acme)}})
	}, gone: "night"},
	{what: "the group lists the customer no longer", take: func(s *servers) {
		s.takes("acme", "updatePrivilegeGroup", in{"id": s.north, "removeCustomerIds": []string{s.contoso.ID}})
	}, gone: "listed"},
	{what: "the group covers listed customers only", take: func(s *servers) {
		s.takes("acme", "updatePrivilegeGroup", in{"id": s.shift, "scope": "SPECIFIC_CUSTOMERS"})
	}, gone: "member", ended: "member entered"},
	{what: "the group's role is lowered", take: func(s *servers) { s.takes("acme", "updatePrivilegeGroup", in{"id": s.shift, "roleKey": "READ_ONLY"}) }, lowered: "member, member entered"},
	{what: "the delegated group's role is lowered", take: func(s *servers) { s.takes("acme", "updatePrivilegeGroup", in{"id": s.watch, "roleKey": "READ_ONLY"}) }, lowered: "night"},
	{what: "the group is deleted", take: func(s *servers) { s.takes("acme", "deletePrivilegeGroup", in{"id": s.shift}) }, gone: "member", ended: "member entered"},
	{what: "the delegated group is deleted", take: func(s *servers) { s.takes("acme", "deletePrivilegeGroup", in{"id": s.watch}) }, gone: "night"},
}

var takenByRoles = []taking{
	{what: "the partner's role is lowered", take: func(s *servers) {
		s.takes("acme", "updateRole", in{"id": s.carried.ID, "permissions": []in{readsTrail, readsProfile}})
	}, lowered: "rolled"},
	{what: "the partner's role loses a feature", take: func(s *servers) {
		s.takes("acme", "updateRole", in{"id": s.carried.ID, "permissions": []in{readsTrail}})
	}, blinded: "rolled"},
	{what: "the customer's role is lowered", take: func(s *servers) {
		s.takes("contoso", "updateRole", in{"id": s.owned.ID, "permissions": []in{readsTrail, readsProfile}})
	}, lowered: "keeper"},
	{what: "the customer's role loses a feature", take: func(s *servers) {
		s.takes("contoso", "updateRole", in{"id": s.owned.ID, "permissions": []in{readsTrail}})
	}, blinded: "keeper"},
	{what: "one of the customer's people is given a lower role", take: func(s *servers) {
		s.takes("contoso", "changeRole", in{"memberId": s.memberOf("clerk", s.contoso), "roleKey": "READ_ONLY"})
	}, lowered: "clerk"},
	{what: "an administrator of the partner is demoted", take: func(s *servers) {
		s.takes("acme", "changeRole", in{"memberId": s.memberOf("second", s.acme), "roleKey": "READ_ONLY"})
	}, gone: "second, second in Nordic"},
}

// What of custom roles is left.
var readsTrail, readsProfile = in{"feature": "AUDIT", "level": "VIEW"}, in{"feature": "TENANT", "level": "VIEW"}

// takenByMembers is what follows when people are suspended, removed, or leave.
var takenByMembers = func() (list []taking) {
	for _, x := range []struct{ who, by, company, gone, ended string }{
		{"staff", "acme", "acme", "staff", "staff entered"},
		{"member", "acme", "acme", "member", "member entered"},
		{"helper", "acme", "acme", "helper", "helper entered"},
		{"night", "acme", "acme", "night", ""},
		{"second", "acme", "acme", "second, second in Nordic", ""},
		{"fitter", "nordic", "nordic", "fitter", "fitter entered"},
		{"clerk", "contoso", "contoso", "clerk", ""},
	} {
		from := func(s *servers) *testworld.Company {
			return map[string]*testworld.Company{"acme": s.acme, "nordic": s.nordic, "contoso": s.contoso}[x.company]
		}
		list = append(list,
			taking{what: x.who + " is suspended", take: func(s *servers) {
				s.takes(x.by, "setMemberStatus", in{"tenantId": from(s).ID, "ids": []string{s.memberOf(x.who, from(s))}, "status": "SUSPENDED"})
			}, gone: x.gone, ended: x.ended},
			taking{what: x.who + " is removed", take: func(s *servers) {
				s.takes(x.by, "removeMembers", in{"tenantId": from(s).ID, "ids": []string{s.memberOf(x.who, from(s))}})
			}, gone: x.gone, ended: x.ended},
			taking{what: x.who + " leaves", take: func(s *servers) { s.takes(x.who, "leaveTenant", in{"tenantId": from(s).ID}) }, gone: x.gone, ended: x.ended})
	}
	return list
}()
