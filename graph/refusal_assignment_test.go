package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mandate/ent/partner"
	"mandate/internal/testworld"
)

// nowhere is the id of a tenant that there is not.
const nowhere = "ten_00000000000000000000000000"

// TestPeriodsThatAreRefused: an installer comes for 1 to 60 days; nobody comes for less than nothing.
func TestPeriodsThatAreRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		fitter, nordic := s.TechPartner(acme, "Fitter", partner.TypeInstaller), s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		helper := s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID
		now, day := s.Now(), 24*time.Hour
		installers := []in{days(61), days(0), days(-1), days(1 << 30), {"endsAt": now}, {"endsAt": now.Add(-day)}, {"endsAt": now.Add(day - time.Second)},
			{"endsAt": now.Add(60*day + time.Second)}, {"startsAt": now.Add(day), "endsAt": now.Add(day)}, {"startsAt": now.Add(day), "endsAt": now.Add(61*day + time.Second)}}
		for _, period := range installers {
			a := s.refused(acme.Admin, "setAssignedCustomers", in{"partnerId": fitter.Partner.ID, "assign": []string{contoso.ID}, "accessPeriod": period}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod")
			s.is("message", a.At("setAssignedCustomers.userErrors.0.message"), "Value must be between 1 and 60 days")
			a = s.refused(acme.Admin, "assign", in{"granteeId": fitter.Partner.ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY", "accessPeriod": period}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod")
			s.is("message", a.At("assign.userErrors.0.message"), "Value must be between 1 and 60 days")
		}
		for _, grantee := range []string{nordic.Partner.ID, helper} {
			for _, period := range []in{days(731), days(0), days(-1), {"endsAt": now}, {"startsAt": now.Add(day), "endsAt": now.Add(day)}} {
				s.refused(acme.Admin, "assign", in{"granteeId": grantee, "tenantId": contoso.ID, "roleKey": "READ_ONLY", "accessPeriod": period}, "ACCESS_PERIOD_OUT_OF_RANGE at input.accessPeriod")
			}
			s.refused(acme.Admin, "assign", in{"granteeId": grantee, "tenantId": contoso.ID, "roleKey": "READ_ONLY", "accessPeriod": in{"days": 3, "endsAt": now.Add(day)}}, "INVALID at input.accessPeriod")
		}
		for _, period := range []in{days(1), days(60), {"endsAt": now.Add(day)}, {"endsAt": now.Add(60 * day)}} {
			s.given(acme.Admin, fitter.Partner.ID, contoso.ID, "READ_ONLY", period)
		}
	})
}

// TestAssigningTechPartnersIsRefused, by whoever may not, of whoever is not there, to wherever it is not theirs to give.
func TestAssigningTechPartnersIsRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue := s.NewPartner("Acme"), s.NewPartner("Blue")
		contoso, narrow, paused, foreign, free := s.Customer("Contoso"), s.Customer("Narrow"), s.Customer("Paused"), s.Customer("Foreign"), s.Customer("Free")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, narrow, "READ_ONLY")
		s.does(paused.Admin, "suspendRelationship", in{"id": s.connected(acme, paused, "ADMINISTRATOR")})
		s.connected(blue, foreign, "ADMINISTRATOR")
		nordic, other := s.TechPartner(acme, "Nordic", partner.TypeIntegrator), s.TechPartner(blue, "Other", partner.TypeIntegrator)
		save := func(s scene, p *testworld.Person, more in, rules ...string) {
			s.Helper()
			input := in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}}
			for k, v := range more {
				input[k] = v
			}
			s.refused(p, "setAssignedCustomers", input, rules...)
		}

		s.then("customers that are not there to be assigned", func(s scene) {
			save(s, acme.Admin, in{"assign": []string{contoso.ID, narrow.ID, paused.ID, foreign.ID, free.ID, nowhere, "x", nordic.ID}},
				"ROLE_EXCEEDS_GRANT at input.assign.1", "RELATIONSHIP_NOT_ACTIVE at input.assign.2", "NOT_FOUND at input.assign.3", "NOT_FOUND at input.assign.4",
				"NOT_FOUND at input.assign.5", "NOT_FOUND at input.assign.6", "NOT_FOUND at input.assign.7")
			for id, rule := range map[string]string{narrow.ID: "ROLE_EXCEEDS_GRANT at input.roleKey", paused.ID: "RELATIONSHIP_NOT_ACTIVE at input.tenantId",
				foreign.ID: "NOT_FOUND at input.tenantId", free.ID: "NOT_FOUND at input.tenantId", nowhere: "NOT_FOUND at input.tenantId", nordic.ID: "INVALID at input.tenantId", other.ID: "NOT_FOUND at input.tenantId"} {
				s.refused(acme.Admin, "assign", in{"granteeId": nordic.Partner.ID, "tenantId": id, "roleKey": "ADMINISTRATOR"}, rule)
			}
		})
		s.then("lists that are too long, empty, or name a customer twice", func(s scene) {
			long := make([]string, 1001)
			for i := range long {
				long[i] = fmt.Sprint("ten_", i)
			}
			save(s, acme.Admin, in{"assign": long}, "LIMIT_EXCEEDED at input.assign")
			save(s, acme.Admin, in{"unassign": long}, "LIMIT_EXCEEDED at input.unassign")
			save(s, acme.Admin, in{"assign": []string{}}, "REQUIRED at input.assign")
			save(s, acme.Admin, in{"allCustomers": true}, "INVALID at input.assign")
			save(s, acme.Admin, in{"assign": []string{contoso.ID, contoso.ID}, "unassign": []string{free.ID, contoso.ID}}, "CONFLICT at input.assign.1", "CONFLICT at input.unassign.1")
		})
		s.then("roles that are more than one holds", func(s scene) {
			save(s, acme.Admin, in{"roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.assign.0")
			save(s, acme.Admin, in{"roleId": s.CustomRole(blue.Tenant, "Theirs", nil).ID}, "NOT_FOUND at input.roleId")
			prime := s.Staff(acme, "prime", testworld.Role("PRIME_ADMIN"))
			s.given(acme.Admin, prime.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", nil)
			save(s, prime, nil, "NOT_FOUND at input.partnerId")
			s.given(acme.Admin, prime.Member(acme.Tenant).ID, nordic.ID, "READ_ONLY", nil)
			save(s, prime, nil, "ROLE_EXCEEDS_GRANT at input.assign.0")
			save(s, prime, in{"assign": []string{narrow.ID}, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.assign.0")
			s.does(prime, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}, "roleKey": "READ_ONLY"})
			s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "unassign": []string{contoso.ID}})
		})
		s.then("an Administrator, who is not Prime, passes nothing on", func(s scene) {
			clerk := s.Staff(acme, "clerk", testworld.Role("ADMINISTRATOR"))
			s.given(acme.Admin, clerk.Member(acme.Tenant).ID, contoso.ID, "ADMINISTRATOR", nil)
			s.given(acme.Admin, clerk.Member(acme.Tenant).ID, nordic.ID, "PRIME_ADMIN", nil)
			s.forbidden(clerk, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}, "roleKey": "READ_ONLY"})
			s.forbidden(clerk, "assign", in{"granteeId": nordic.Partner.ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"})
			s.forbidden(clerk, "assign", in{"granteeId": s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"})
			s.sees(picked(clerk, nordic.Partner.ID, in{"assignable": true}))
			s.sees(picked(clerk, nordic.Partner.ID, in{"assignable": false}), "Contoso")
		})
		s.then("whoever is not the MSP's to assign", func(s scene) {
			for _, id := range []string{other.Partner.ID, blue.Partner.ID, acme.Partner.ID, "prt_00000000000000000000000000", "x"} {
				save(s, acme.Admin, in{"partnerId": id}, "NOT_FOUND at input.partnerId")
				s.refused(acme.Admin, "assign", in{"granteeId": id, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.granteeId")
			}
			save(s, blue.Admin, nil, "NOT_FOUND at input.partnerId")
			save(s, contoso.Admin, nil, "NOT_FOUND at input.partnerId")
			s.refused(nordic.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}}, "NOT_FOUND at input.partnerId")
		})
		s.then("oneself, by a tech partner that one works for", func(s scene) {
			both := s.Staff(acme, "both", testworld.Administrator)
			both.Join(nordic.Tenant, testworld.Nothing)
			save(s, both, nil, "SELF_APPROVAL_FORBIDDEN at input.partnerId")
			s.refused(both, "assign", in{"granteeId": nordic.Partner.ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}, "SELF_APPROVAL_FORBIDDEN at input.granteeId")
			s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}})
			s.does(both, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "unassign": []string{contoso.ID}})
		})
		s.then("a session that entered a tenant assigns nobody", func(s scene) {
			entered := acme.Admin.Entered(contoso.ID)
			s.forbidden(entered, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{contoso.ID}})
			s.sees(entered.Do("{ customers(first: 9, filter: {assignable: false}) { nodes { name } } }", nil).OK().Column("customers.nodes", "name"))
		})
	})
}

// TestAssigningPeopleIsRefused: members, groups, and a tech partner's own people.
func TestAssigningPeopleIsRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "READ_ONLY", nil)
		fitter := s.Staff(nordic, "fitter", testworld.Nothing).Member(nordic.Tenant).ID
		to := func(grantee, tenant string) in {
			return in{"granteeId": grantee, "tenantId": tenant, "roleKey": "READ_ONLY"}
		}
		with := func(input in, role string) in { input["roleKey"] = role; return input }

		s.then("a tech partner's people work where it works itself, and hold no more", func(s scene) {
			s.refused(nordic.Admin, "assign", to(fitter, fabrikam.ID), "NOT_FOUND at input.tenantId")
			s.refused(nordic.Admin, "assign", to(fitter, acme.ID), "NOT_FOUND at input.tenantId")
			s.refused(nordic.Admin, "assign", to(fitter, nordic.ID), "NOT_FOUND at input.tenantId")
			s.refused(nordic.Admin, "assign", with(to(fitter, contoso.ID), "ADMINISTRATOR"), "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.forbidden(acme.Admin, "assign", to(fitter, contoso.ID))
			s.refused(nordic.Admin, "assign", to(s.Staff(nordic, "boss", testworld.Administrator).Member(nordic.Tenant).ID, contoso.ID), "INVALID at input.granteeId")
		})
		s.then("a group reaches customers by itself, and a tech partner by an assignment", func(s scene) {
			inside, role := s.Staff(acme, "inside", testworld.Role("PRIME_ADMIN")), s.CustomRole(acme.Tenant, "Night", map[feature]accessLevel{"SITES": view})
			group := s.Group(acme, "Night shift", role.ID, inside)
			s.given(acme.Admin, inside.Member(acme.Tenant).ID, nordic.ID, "READ_ONLY", nil)
			s.refused(acme.Admin, "assign", to(group.ID, contoso.ID), "INVALID at input.tenantId")
			s.refused(inside, "assign", to(group.ID, nordic.ID), "SELF_APPROVAL_FORBIDDEN at input.granteeId")
			s.refused(nordic.Admin, "assign", to(group.ID, nordic.ID), "NOT_FOUND at input.granteeId")
			id := s.given(acme.Admin, group.ID, nordic.ID, "READ_ONLY", nil)
			s.is("of whom", acme.Admin.Do("query($id: ID!) { node(id: $id) { ... on Assignment { grantee { ... on PrivilegeGroup { name } } } } }", vars{"id": id}).OK().At("node.grantee.name"), any("Night shift"))
		})
		s.then("people who are not to be assigned", func(s scene) {
			clerk := s.Staff(acme, "clerk", testworld.Role("PRIME_ADMIN"))
			s.given(acme.Admin, clerk.Member(acme.Tenant).ID, nordic.ID, "READ_ONLY", nil)
			s.refused(clerk, "assign", to(clerk.Member(acme.Tenant).ID, nordic.ID), "SELF_APPROVAL_FORBIDDEN at input.granteeId")
			s.refused(acme.Admin, "assign", to(s.Staff(acme, "guest", testworld.Guest).Member(acme.Tenant).ID, nordic.ID), "INVALID at input.granteeId")
			s.refused(acme.Admin, "assign", to(contoso.Admin.Member(contoso.Tenant).ID, nordic.ID), "NOT_FOUND at input.granteeId")
			s.refused(clerk, "assign", with(to(s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID, nordic.ID), "ADMINISTRATOR"), "ROLE_EXCEEDS_GRANT at input.roleKey")
		})
	})
}

// TestFiltersTellWhatTheViewerReads and nothing else.
func TestFiltersTellWhatTheViewerReads(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue := s.NewPartner("Acme"), s.NewPartner("Blue")
		operator := s.Operator()
		bonds := make(map[string]string)
		customers := make(map[string]*testworld.Company)
		for _, name := range []string{"Alpha", "Beta", "Gamma"} {
			customers[name] = s.Customer(name)
			bonds[name] = s.connected(acme, customers[name], "ADMINISTRATOR")
		}
		s.does(customers["Beta"].Admin, "narrowRelationship", in{"id": bonds["Beta"], "endsAt": s.Now().AddDate(0, 0, 20)})
		s.does(customers["Gamma"].Admin, "suspendRelationship", in{"id": bonds["Gamma"]})
		s.does(customers["Alpha"].Admin, "updateTenant", in{"id": customers["Alpha"].ID, "tags": []string{"north"}})
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": []string{customers["Alpha"].ID}, "roleKey": "READ_ONLY"})
		list := func(p *testworld.Person, filter in) string {
			a := p.Do("query($f: CustomerFilter) { customers(first: 100, filter: $f) { totalCount nodes { name } } }", vars{"f": filter}).OK()
			names := a.Column("customers.nodes", "name")
			s.is("count", a.At("customers.totalCount"), any(float64(len(names))))
			return strings.Join(names, " ")
		}
		blind := s.Staff(acme, "blind", testworld.Nothing)
		role := s.CustomRole(acme.Tenant, "Sites", map[feature]accessLevel{"SITES": view})
		s.does(acme.Admin, "assign", in{"granteeId": blind.Member(acme.Tenant).ID, "tenantId": customers["Beta"].ID, "roleId": role.ID})
		reader := s.Staff(acme, "reader", testworld.Role("READ_ONLY"))
		s.does(acme.Admin, "assign", in{"granteeId": reader.Member(acme.Tenant).ID, "tenantId": customers["Beta"].ID, "roleId": role.ID})

		soon, later := in{"expiringBefore": s.Now().AddDate(0, 0, 30)}, in{"expiringBefore": s.Now().AddDate(0, 0, 10)}
		active, suspended, both := in{"relationshipStatus": []string{"ACTIVE"}}, in{"relationshipStatus": []string{"SUSPENDED"}}, in{"relationshipStatus": []string{"ACTIVE", "SUSPENDED"}}
		expired, assigned := in{"relationshipStatus": []string{"EXPIRED"}}, in{"assignedTo": nordic.Partner.ID}
		for _, c := range []struct {
			who    string
			p      *testworld.Person
			filter in
			want   string
		}{
			{"the partner's administrator", acme.Admin, soon, "Beta"}, {"the partner's administrator", acme.Admin, later, ""},
			{"the partner's administrator", acme.Admin, active, "Alpha Beta"}, {"the partner's administrator", acme.Admin, suspended, ""},
			{"the partner's administrator", acme.Admin, assigned, "Alpha"}, {"the partner's administrator", acme.Admin, in{"assignedTo": reader.Member(acme.Tenant).ID}, "Beta"},
			{"the partner's administrator", acme.Admin, in{"assignedTo": nordic.Partner.ID, "tags": []string{"north"}}, "Alpha"},
			{"the partner's administrator", acme.Admin, in{"assignedTo": "mem_00000000000000000000000000"}, ""},
			{"the partner's administrator", acme.Admin, in{"partnerId": acme.Partner.ID, "assignable": true}, "Alpha Beta"},
			{"another partner's", blue.Admin, assigned, ""}, {"another partner's", blue.Admin, active, ""},
			{"the operator", operator.Admin, both, "Alpha Beta Gamma"}, {"the operator", operator.Admin, suspended, "Gamma"}, {"the operator", operator.Admin, expired, ""},
			{"the operator", operator.Admin, soon, "Beta"}, {"the operator", operator.Admin, assigned, ""}, {"the operator", operator.Admin, in{"assignable": true}, ""},
			{"the operator", operator.Admin, in{"assignable": false}, "Alpha Beta Gamma"},
			{"the tech partner", nordic.Admin, assigned, "Alpha"}, {"the tech partner", nordic.Admin, in{"assignable": true}, "Alpha"}, {"the tech partner", nordic.Admin, active, "Alpha"},
			{"staff without levels", blind, active, ""}, {"staff without levels", blind, soon, ""}, {"staff without levels", blind, in{"assignedTo": blind.Member(acme.Tenant).ID}, ""},
			{"staff who read in the partner", reader, active, "Beta"}, {"staff who read in the partner", reader, soon, "Beta"}, {"staff who read in the partner", reader, in{"assignedTo": blind.Member(acme.Tenant).ID}, "Beta"},
		} {
			s.is(fmt.Sprint(c.who, " by ", c.filter), list(c.p, c.filter), c.want)
		}
		s.Later(21 * 24 * time.Hour)
		s.is("an end that passed", list(operator.Admin, expired), "Beta")
		s.is("an end that passed", list(operator.Admin, soon), "")
	})
}
