package graph_test

import (
	"fmt"
	"testing"

	"mandate/ent/assignment"
	"mandate/ent/partner"
	"mandate/ent/privilegegroup"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

// groups lists the groups of a partner as somebody sees them.
func groups(p *testworld.Person, tenantID string) *testworld.Answer {
	return p.Do(`query($id: ID!) { tenant(id: $id) { privilegeGroups(first: 10) { totalCount nodes { name description scope memberCount role { name }
		members(first: 10) { totalCount nodes { firstName } } customers(first: 10) { totalCount nodes { name } pageInfo { hasNextPage } } } } } }`,
		testworld.Vars{"id": tenantID}).OK()
}

func placesOf(c *testworld.Company, people ...*testworld.Person) []string {
	var ids []string
	for _, p := range people {
		ids = append(ids, p.Member(c.Tenant).ID)
	}
	return ids
}

func TestGroupOverAllCustomers(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Connect(acme, contoso, access.ReadOnly, "CUSTOMER_DESIGNATED")
		helper, second := s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "second", testworld.Nothing)
		members := placesOf(acme, helper)
		var id string

		s.then("its members reach every customer, within the ceiling", func(s scene) {
			a := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Night shift", "roleKey": "ADMINISTRATOR",
				"scope": "ALL_CUSTOMERS", "memberIds": members})
			id = a.String("createPrivilegeGroup.privilegeGroup.id")
			s.is("size", a.At("createPrivilegeGroup.privilegeGroup.memberCount"), any(1.0))
			s.sees(customersOf(helper), "Contoso")
			s.is("services", level(s, helper, contoso.ID, "SERVICES_ADMIN"), "VIEW")
		})
		s.then("a customer that connects later is reached at once", func(s scene) {
			s.connected(acme, fabrikam, "ADMINISTRATOR")
			s.sees(customersOf(helper), "Contoso", "Fabrikam")
			s.is("services", level(s, helper, fabrikam.ID, "SERVICES_ADMIN"), "MANAGE")
		})
		s.then("the group's role is what counts below a wider ceiling", func(s scene) {
			s.is("partners", level(s, helper, fabrikam.ID, "PARTNERS"), "VIEW")
		})
		s.then("another role counts from the next request on", func(s scene) {
			a := s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "roleKey": "READ_ONLY", "version": 1})
			s.is("role", a.At("updatePrivilegeGroup.privilegeGroup.role.key"), "READ_ONLY")
			s.is("services", level(s, helper, fabrikam.ID, "SERVICES_ADMIN"), "VIEW")
			s.forbidden(helper, "activateService", in{"tenantId": fabrikam.ID})
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": id, "roleKey": "ADMINISTRATOR", "version": 1}, "STALE_VERSION at input.version")
		})
		s.then("whoever is taken in reaches them, whoever leaves does not, at the next request", func(s scene) {
			a := s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "addMemberIds": placesOf(acme, second), "removeMemberIds": members})
			s.is("size", a.At("updatePrivilegeGroup.privilegeGroup.memberCount"), any(1.0))
			s.sees(customersOf(second), "Contoso", "Fabrikam")
			s.sees(customersOf(helper))
			s.is("reached", reaches(helper, contoso.ID), false)
		})
		s.then("who is in it, and who is not active is not counted", func(s scene) {
			s.must(s.Write.Member.UpdateOneID(second.Member(acme.Tenant).ID).SetStatus("SUSPENDED").Exec(s.System()))
			a := groups(acme.Admin, acme.ID)
			s.is("size", a.At("tenant.privilegeGroups.nodes.0.memberCount"), any(0.0))
			s.sees(a.Column("tenant.privilegeGroups.nodes.0.members.nodes", "firstName"), "Second")
			s.is("people", a.At("tenant.privilegeGroups.nodes.0.members.totalCount"), any(1.0))
			s.sees(a.Column("tenant.privilegeGroups.nodes.0.customers.nodes", "name"))
			s.must(s.Write.Member.UpdateOneID(second.Member(acme.Tenant).ID).SetStatus("ACTIVE").Exec(s.System()))
		})
		s.then("deleted, it gives nothing, and the trail still tells of it", func(s scene) {
			s.is("group", reaches(acme.Admin, id), true)
			a := s.does(acme.Admin, "deletePrivilegeGroup", in{"id": id})
			s.is("deleted", a.At("deletePrivilegeGroup.deletedId"), any(id))
			s.sees(customersOf(second))
			s.is("group", reaches(acme.Admin, id), false)
			s.refused(acme.Admin, "deletePrivilegeGroup", in{"id": id}, "NOT_FOUND at input.id")
			trail := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 10, filter: {action: ["privilege_group.created", "privilege_group.deleted"]}) {
				nodes { action targetName changes { field after } } } } }`, testworld.Vars{"id": acme.ID}).OK()
			s.sees(trail.Column("tenant.auditEvents.nodes", "targetName"), "Night shift", "Night shift")
			s.sees(trail.Column("tenant.auditEvents.nodes.1.changes", "after"), "Administrator", "ALL_CUSTOMERS", "Helper Smith")
		})
	})
}

func TestGroupOverListedCustomers(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		contoso, fabrikam, woodgrove := s.Customer("Contoso"), s.Customer("Fabrikam"), s.Customer("Woodgrove")
		for _, c := range []*testworld.Company{contoso, fabrikam, woodgrove} {
			s.Manages(acme, c)
		}
		helper := s.Staff(acme, "helper", testworld.Nothing)
		lead := s.Staff(acme, "lead", testworld.Custom(s.CustomRole(acme.Tenant, "Leads", map[feature]accessLevel{"ASSIGNMENTS": manage, "TENANT": view})))
		s.Assign(acme, contoso, lead, "READ_ONLY")
		var id string

		s.then("its members reach those, and no other", func(s scene) {
			id = s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "North", "description": "Up there.", "roleKey": "READ_ONLY", "scope": "SPECIFIC_CUSTOMERS",
				"customerIds": []string{woodgrove.ID, contoso.ID}, "memberIds": placesOf(acme, helper)}).String("createPrivilegeGroup.privilegeGroup.id")
			s.sees(customersOf(helper), "Contoso", "Woodgrove")
			s.is("fabrikam", reaches(helper, fabrikam.ID), false)
		})
		s.then("the list is told by name, to everybody as far as they reach it", func(s scene) {
			a := groups(acme.Admin, acme.ID)
			s.is("description", a.At("tenant.privilegeGroups.nodes.0.description"), any("Up there."))
			s.sees(a.Column("tenant.privilegeGroups.nodes.0.customers.nodes", "name"), "Contoso", "Woodgrove")
			a = groups(lead, acme.ID)
			s.sees(a.Column("tenant.privilegeGroups.nodes.0.customers.nodes", "name"), "Contoso")
			s.is("count", a.At("tenant.privilegeGroups.nodes.0.customers.totalCount"), any(1.0))
			s.is("more", a.At("tenant.privilegeGroups.nodes.0.customers.pageInfo.hasNextPage"), any(false))
			s.sees(a.Column("tenant.privilegeGroups.nodes.0.members.nodes", "firstName"))
			s.is("people", a.At("tenant.privilegeGroups.nodes.0.members.totalCount"), any(0.0))
			s.is("size", a.At("tenant.privilegeGroups.nodes.0.memberCount"), any(1.0))
		})
		s.then("the list runs over several pages", func(s scene) {
			page := func(after any) *testworld.Answer {
				return acme.Admin.Do(`query($id: ID!, $after: String) { node(id: $id) { ... on PrivilegeGroup { customers(first: 1, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } } } }`,
					testworld.Vars{"id": id, "after": after}).OK()
			}
			a := page(nil)
			s.sees(a.Column("node.customers.nodes", "name"), "Contoso")
			a = page(a.String("node.customers.pageInfo.endCursor"))
			s.sees(a.Column("node.customers.nodes", "name"), "Woodgrove")
			s.is("more", a.At("node.customers.pageInfo.hasNextPage"), any(false))
		})
		s.then("more groups take no more statements", func(s scene) {
			one := groups(acme.Admin, acme.ID).Statements
			for i := range 3 {
				s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": fmt.Sprint("Group ", i), "roleKey": "READ_ONLY", "scope": "SPECIFIC_CUSTOMERS",
					"customerIds": []string{woodgrove.ID}, "memberIds": placesOf(acme, helper)})
			}
			a := groups(acme.Admin, acme.ID)
			s.is("statements", a.Statements, one)
			s.sees(a.Column("tenant.privilegeGroups.nodes", "memberCount"), "1", "1", "1", "1")
			s.sees(a.Column("tenant.privilegeGroups.nodes", "customers.totalCount"), "2", "1", "1", "1")
			for i := range 3 {
				group := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { privilegeGroups(first: 2) { nodes { id name } } } }`, testworld.Vars{"id": acme.ID}).OK()
				s.is("by age", group.At("tenant.privilegeGroups.nodes.1.name"), any(fmt.Sprint("Group ", i)))
				s.does(acme.Admin, "deletePrivilegeGroup", in{"id": group.String("tenant.privilegeGroups.nodes.1.id")})
			}
		})
		s.then("the group's role is read by whoever sees the group", func(s scene) {
			role := s.CustomRole(acme.Tenant, "Carried", map[feature]accessLevel{"TENANT": view})
			s.is("before", reaches(lead, role.ID), false)
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "roleId": role.ID})
			s.is("carried", reaches(lead, role.ID), true)
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "roleKey": "READ_ONLY"})
		})
		s.then("customers come and go", func(s scene) {
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "addCustomerIds": []string{fabrikam.ID, contoso.ID}, "removeCustomerIds": []string{woodgrove.ID}})
			s.sees(customersOf(helper), "Contoso", "Fabrikam")
		})
		s.then("over all customers the list is empty, and stays so afterwards", func(s scene) {
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "scope": "ALL_CUSTOMERS"})
			s.sees(customersOf(helper), "Contoso", "Fabrikam", "Woodgrove")
			s.sees(groups(acme.Admin, acme.ID).Column("tenant.privilegeGroups.nodes.0.customers.nodes", "name"))
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "scope": "SPECIFIC_CUSTOMERS"})
			s.sees(customersOf(helper))
		})
		s.then("a customer that was left is not listed when it comes back", func(s scene) {
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "addCustomerIds": []string{fabrikam.ID, contoso.ID}})
			rel := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { relationship { id } } }`, testworld.Vars{"id": contoso.ID}).OK().String("tenant.relationship.id")
			s.does(contoso.Admin, "terminateRelationship", in{"id": rel})
			s.sees(customersOf(helper), "Fabrikam")
			s.connected(acme, contoso, "ADMINISTRATOR")
			s.sees(customersOf(helper), "Fabrikam")
		})
		s.then("nothing changes by what is so already, and nothing is written", func(s scene) {
			s.repeats(acme.Admin, "updatePrivilegeGroup", in{"id": id, "name": "North", "scope": "SPECIFIC_CUSTOMERS", "roleKey": "READ_ONLY",
				"addCustomerIds": []string{fabrikam.ID}, "removeCustomerIds": []string{contoso.ID}, "addMemberIds": placesOf(acme, helper)})
		})
		s.then("an empty description takes it away", func(s scene) {
			s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "description": " "})
			s.is("description", groups(acme.Admin, acme.ID).At("tenant.privilegeGroups.nodes.0.description"), nil)
		})
		s.then("who leaves the partner leaves its groups", func(s scene) {
			s.does(acme.Admin, "removeMembers", in{"tenantId": acme.ID, "ids": placesOf(acme, helper)})
			s.is("people", groups(acme.Admin, acme.ID).At("tenant.privilegeGroups.nodes.0.members.totalCount"), any(0.0))
		})
		s.then("without members it takes another name", func(s scene) {
			a := s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "name": "South"})
			s.is("name", a.At("updatePrivilegeGroup.privilegeGroup.name"), any("South"))
		})
	})
}

// technician makes a tech partner with an administrator.
func (s scene) technician(msp *testworld.Company, kind partner.Type) *testworld.Company {
	s.Helper()
	tn, err := s.Write.Tenant.Create().SetKind(tenant.KindPartner).SetName("Tech").SetSortName("tech").SetManagedByID(msp.ID).Save(s.System())
	s.must(err)
	p, err := s.Write.Partner.Create().SetTenantID(tn.ID).SetType(kind).SetRecognized(true).SetCode("MND-TECH-TECH").SetLinkKey("tech").Save(s.System())
	s.must(err)
	return &testworld.Company{Tenant: tn, Partner: p, Admin: s.Person("tech").Join(tn, testworld.Administrator)}
}

// What a group was delegated to tech partners carries the group's role, and goes with the group.
func TestGroupsDelegationsFollow(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		tech := s.technician(acme, partner.TypeIntegrator)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		id := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Tech", "roleKey": "ADMINISTRATOR", "scope": "SPECIFIC_CUSTOMERS",
			"memberIds": placesOf(acme, helper)}).String("createPrivilegeGroup.privilegeGroup.id")
		admin, _ := access.SystemRoleByKey(access.Administrator)
		a, err := s.Write.Assignment.Create().SetGranterID(acme.ID).SetTenantID(tech.ID).SetTenantSortName("tech").SetGranteeID(id).SetGranteeName("Tech").
			SetRoleID(admin.ID).SetStartsAt(s.Now()).SetOpenKey(id + ":" + tech.ID).SetPartnerName("Acme").SetPartnerType("MSP").SetPartnerCode(acme.Partner.Code).
			SetCustomerName("Tech").Save(s.System())
		s.must(err)
		s.is("users", level(s, helper, tech.ID, "USERS"), "MANAGE")
		s.does(acme.Admin, "updatePrivilegeGroup", in{"id": id, "roleKey": "READ_ONLY"})
		s.is("users", level(s, helper, tech.ID, "USERS"), "VIEW")
		s.does(acme.Admin, "deletePrivilegeGroup", in{"id": id})
		s.is("reached", reaches(helper, tech.ID), false)
		a, err = s.Write.Assignment.Get(s.System(), a.ID)
		s.must(err)
		s.is("delegation", a.Status, assignment.StatusRevoked)
	})
}

func TestGroupsThatAreRefused(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, fabrikam := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Customer("Fabrikam")
		tech := s.technician(acme, partner.TypeInstaller)
		s.Manages(acme, contoso)
		s.Manages(blue, fabrikam)
		helper, guest, gone := s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "guest", testworld.Guest), s.Staff(acme, "gone", testworld.Nothing)
		s.must(s.Write.Member.UpdateOneID(gone.Member(acme.Tenant).ID).SetStatus("SUSPENDED").Exec(s.System()))
		strange := s.Staff(blue, "strange", testworld.Nothing)
		lead := s.Staff(acme, "lead", testworld.Custom(s.CustomRole(acme.Tenant, "Leads", map[feature]accessLevel{"ASSIGNMENTS": manage, "TENANT": view, "USERS": view})))
		reader := s.Staff(acme, "reader", testworld.Role(access.ReadOnly))
		own := s.CustomRole(acme.Tenant, "Small", map[feature]accessLevel{"TENANT": view})
		theirs := s.CustomRole(blue.Tenant, "Theirs", map[feature]accessLevel{"TENANT": view})
		with := func(changed in) in {
			input := in{"tenantId": acme.ID, "name": "Group", "roleKey": "READ_ONLY", "scope": "SPECIFIC_CUSTOMERS"}
			for k, v := range changed {
				input[k] = v
			}
			return input
		}
		many := func(n int) []string {
			ids := make([]string, n)
			for i := range ids {
				ids[i] = fmt.Sprintf("ten_%026d", i)
			}
			return ids
		}
		taken := s.does(acme.Admin, "createPrivilegeGroup", with(in{"name": "Taken", "memberIds": placesOf(acme, helper)})).String("createPrivilegeGroup.privilegeGroup.id")
		for _, c := range []struct {
			outcome string
			input   in
			rules   []string
		}{
			{"of another partner", in{"tenantId": blue.ID}, []string{"NOT_FOUND at input.tenantId"}},
			{"without a name", in{"name": " "}, []string{"REQUIRED at input.name"}},
			{"with a long name", in{"name": fmt.Sprintf("%0101d", 1)}, []string{"TOO_LONG at input.name"}},
			{"with a name that is taken", in{"name": "Taken"}, []string{"CONFLICT at input.name"}},
			{"with a long description", in{"description": fmt.Sprintf("%0501d", 1)}, []string{"TOO_LONG at input.description"}},
			{"with two roles", in{"roleId": own.ID}, []string{"INVALID at input.roleId"}},
			{"without a role", in{"roleKey": nil}, []string{"REQUIRED at input.roleKey"}},
			{"with another partner's role", in{"roleKey": nil, "roleId": theirs.ID}, []string{"NOT_FOUND at input.roleId"}},
			{"with a list over all customers", in{"scope": "ALL_CUSTOMERS", "customerIds": []string{contoso.ID}}, []string{"INVALID at input.customerIds"}},
			{"with a customer of another partner", in{"customerIds": []string{contoso.ID, fabrikam.ID}}, []string{"NOT_FOUND at input.customerIds.1"}},
			{"with a customer named twice", in{"customerIds": []string{contoso.ID, contoso.ID}}, []string{"CONFLICT at input.customerIds.1"}},
			{"with 1,001 customers", in{"customerIds": many(1001)}, []string{"LIMIT_EXCEEDED at input.customerIds"}},
			{"with 101 members", in{"memberIds": many(101)}, []string{"LIMIT_EXCEEDED at input.memberIds"}},
			{"with a guest, somebody suspended, an administrator and a stranger", in{"memberIds": append(placesOf(acme, helper, guest, gone), strange.Member(blue.Tenant).ID, "mem_x")},
				[]string{"NOT_FOUND at input.memberIds.1", "NOT_FOUND at input.memberIds.2", "NOT_FOUND at input.memberIds.3", "NOT_FOUND at input.memberIds.4"}},
			{"with a member named twice", in{"memberIds": placesOf(acme, helper, helper)}, []string{"CONFLICT at input.memberIds.1"}},
			{"with oneself", in{"memberIds": placesOf(acme, helper, acme.Admin)}, []string{"SELF_APPROVAL_FORBIDDEN at input.memberIds.1"}},
		} {
			s.then(c.outcome, func(s scene) { s.refused(acme.Admin, "createPrivilegeGroup", with(c.input), c.rules...) })
		}
		s.then("to be called nothing", func(s scene) {
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "name": " "}, "REQUIRED at input.name")
		})
		s.then("in a tenant that holds no relationships", func(s scene) {
			s.refused(contoso.Admin, "createPrivilegeGroup", with(in{"tenantId": contoso.ID}), "INVALID at input.tenantId")
			s.refused(tech.Admin, "createPrivilegeGroup", with(in{"tenantId": tech.ID}), "INVALID at input.tenantId")
			s.forbidden(acme.Admin, "createPrivilegeGroup", with(in{"tenantId": contoso.ID}))
		})
		s.then("by somebody who sees assignments only, or nothing", func(s scene) {
			s.forbidden(reader, "createPrivilegeGroup", with(nil))
			s.forbidden(reader, "updatePrivilegeGroup", in{"id": taken, "description": "Mine"})
			s.forbidden(reader, "deletePrivilegeGroup", in{"id": taken})
			s.forbidden(helper, "createPrivilegeGroup", with(nil))
			for _, p := range []*testworld.Person{helper, blue.Admin, contoso.Admin} {
				s.refused(p, "updatePrivilegeGroup", in{"id": taken, "description": "Mine"}, "NOT_FOUND at input.id")
				s.refused(p, "deletePrivilegeGroup", in{"id": taken}, "NOT_FOUND at input.id")
			}
		})
		s.then("with more than one holds", func(s scene) {
			s.refused(lead, "createPrivilegeGroup", with(nil), "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.does(lead, "createPrivilegeGroup", with(in{"name": "Leads'", "roleKey": nil, "roleId": own.ID}))
			s.refused(lead, "updatePrivilegeGroup", in{"id": taken, "roleKey": "PRIME_ADMIN"}, "ROLE_EXCEEDS_GRANT at input.roleKey")
			s.refused(lead, "updatePrivilegeGroup", in{"id": taken, "addMemberIds": placesOf(acme, reader)}, "ROLE_EXCEEDS_GRANT at input.addMemberIds")
			s.refused(lead, "updatePrivilegeGroup", in{"id": taken, "scope": "ALL_CUSTOMERS"}, "ROLE_EXCEEDS_GRANT at input.scope")
		})
		s.then("with a customer that one does not reach", func(s scene) {
			s.refused(lead, "createPrivilegeGroup", with(in{"roleKey": nil, "roleId": own.ID, "customerIds": []string{contoso.ID}}), "NOT_FOUND at input.customerIds.0")
		})
		s.then("a group with members keeps its name", func(s scene) {
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "name": "Other"}, "PRIVILEGE_GROUP_NAME_LOCKED at input.name")
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "name": "Other", "removeMemberIds": placesOf(acme, helper)}, "PRIVILEGE_GROUP_NAME_LOCKED at input.name")
			free := s.does(acme.Admin, "createPrivilegeGroup", with(nil)).String("createPrivilegeGroup.privilegeGroup.id")
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": free, "name": "Taken"}, "CONFLICT at input.name")
		})
		s.then("lists of a group over all customers", func(s scene) {
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "scope": "ALL_CUSTOMERS", "addCustomerIds": []string{contoso.ID}}, "INVALID at input.addCustomerIds")
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "scope": "ALL_CUSTOMERS", "removeCustomerIds": []string{contoso.ID}}, "INVALID at input.removeCustomerIds")
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "addCustomerIds": []string{fabrikam.ID}}, "NOT_FOUND at input.addCustomerIds.0")
			s.refused(acme.Admin, "updatePrivilegeGroup", in{"id": taken, "addMemberIds": many(101), "removeMemberIds": many(101), "addCustomerIds": many(1001), "removeCustomerIds": many(1001)},
				"LIMIT_EXCEEDED at input.addMemberIds", "LIMIT_EXCEEDED at input.addCustomerIds", "LIMIT_EXCEEDED at input.removeMemberIds", "LIMIT_EXCEEDED at input.removeCustomerIds")
		})
		s.then("through a session that entered a tenant", func(s scene) {
			entered := acme.Admin.Entered(contoso.ID)
			s.forbidden(entered, "createPrivilegeGroup", with(nil))
			s.forbidden(entered, "updatePrivilegeGroup", in{"id": taken, "description": "Mine"})
			s.forbidden(entered, "deletePrivilegeGroup", in{"id": taken})
		})
	})
}

func TestNobodyRaisesTheirOwnGroup(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.Manages(acme, contoso)
		s.Manages(acme, fabrikam)
		everything := make(map[feature]accessLevel)
		for _, f := range access.PlatformFeatures {
			everything[f] = manage
		}
		lead := s.Staff(acme, "lead", testworld.Custom(s.CustomRole(acme.Tenant, "Leads", everything)))
		s.Assign(acme, fabrikam, lead, "READ_ONLY")
		small := s.CustomRole(acme.Tenant, "Small", map[feature]accessLevel{"TENANT": view})
		wide := s.CustomRole(acme.Tenant, "Wide", map[feature]accessLevel{"TENANT": manage})
		id := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Mine", "roleId": small.ID, "scope": "SPECIFIC_CUSTOMERS",
			"customerIds": []string{contoso.ID}, "memberIds": placesOf(acme, lead)}).String("createPrivilegeGroup.privilegeGroup.id")

		s.then("by its role", func(s scene) {
			s.refused(lead, "updatePrivilegeGroup", in{"id": id, "roleId": wide.ID}, "SELF_APPROVAL_FORBIDDEN at input.roleId")
			s.refused(lead, "updateRole", in{"id": small.ID, "permissions": []in{{"feature": "TENANT", "level": "MANAGE"}}}, "SELF_APPROVAL_FORBIDDEN at input.permissions")
		})
		s.then("by its scope", func(s scene) {
			s.refused(lead, "updatePrivilegeGroup", in{"id": id, "scope": "ALL_CUSTOMERS"}, "SELF_APPROVAL_FORBIDDEN at input.scope")
		})
		s.then("by its customers", func(s scene) {
			s.refused(lead, "updatePrivilegeGroup", in{"id": id, "addCustomerIds": []string{fabrikam.ID}}, "SELF_APPROVAL_FORBIDDEN at input.addCustomerIds")
			s.refused(lead, "updatePrivilegeGroup", in{"id": id, "addCustomerIds": []string{fabrikam.ID}, "removeMemberIds": placesOf(acme, lead)},
				"SELF_APPROVAL_FORBIDDEN at input.addCustomerIds")
		})
		s.then("by coming back", func(s scene) {
			s.does(lead, "updatePrivilegeGroup", in{"id": id, "removeMemberIds": placesOf(acme, lead)})
			s.refused(lead, "updatePrivilegeGroup", in{"id": id, "addMemberIds": placesOf(acme, lead)}, "SELF_APPROVAL_FORBIDDEN at input.addMemberIds.0")
		})
		s.then("others may raise what they hold, if they manage groups", func(s scene) {
			s.does(lead, "updateRole", in{"id": small.ID, "permissions": []in{{"feature": "TENANT", "level": "MANAGE"}}})
			roles := s.Staff(acme, "roles", testworld.Custom(s.CustomRole(acme.Tenant, "Roles", map[feature]accessLevel{"ROLES": manage, "TENANT": manage, "SITES": view})))
			s.refused(roles, "updateRole", in{"id": small.ID, "permissions": []in{{"feature": "TENANT", "level": "MANAGE"}, {"feature": "SITES", "level": "VIEW"}}},
				"ROLE_EXCEEDS_GRANT at input.permissions")
		})
		s.then("all groups are there", func(s scene) {
			n, err := s.Write.PrivilegeGroup.Query().Where(privilegegroup.TenantID(acme.ID)).Count(s.System())
			s.must(err)
			s.is("groups", n, 1)
		})
	})
}

func TestRoleDeletion(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		role := s.CustomRole(acme.Tenant, "Useful", map[feature]accessLevel{"TENANT": view})
		first, second := s.Staff(acme, "first", testworld.Custom(role)), s.Staff(acme, "second", testworld.Custom(role))
		says := func(sentence string) {
			s.Helper()
			a := s.refused(acme.Admin, "deleteRole", in{"id": role.ID}, "ROLE_IN_USE at input.id")
			s.is("sentence", a.At("deleteRole.userErrors.0.message"), any(sentence))
		}

		s.then("a role in use is kept, and the answer says by how many", func(s scene) {
			group := s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Group", "roleId": role.ID, "scope": "ALL_CUSTOMERS"}).String("createPrivilegeGroup.privilegeGroup.id")
			says("The role is in use: 2 members, 1 privilege group.")
			s.does(acme.Admin, "deletePrivilegeGroup", in{"id": group})
			s.does(acme.Admin, "changeRole", in{"memberId": first.Member(acme.Tenant).ID, "roleKey": "READ_ONLY"})
			says("The role is in use: 1 member.")
			s.does(acme.Admin, "removeMembers", in{"tenantId": acme.ID, "ids": placesOf(acme, second)})
		})
		s.then("unused it goes, and the trail still tells of it", func(s scene) {
			s.is("deleted", s.does(acme.Admin, "deleteRole", in{"id": role.ID}).At("deleteRole.deletedId"), any(role.ID))
			s.is("there", reaches(acme.Admin, role.ID), false)
			s.refused(acme.Admin, "deleteRole", in{"id": role.ID}, "NOT_FOUND at input.id")
			trail := acme.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1, filter: {action: ["role.deleted"]}) { nodes { targetName changes { before } } } } }`,
				testworld.Vars{"id": acme.ID}).OK()
			s.is("name", trail.At("tenant.auditEvents.nodes.0.targetName"), any("Useful"))
			s.is("levels", trail.At("tenant.auditEvents.nodes.0.changes.0.before"), any("TENANT VIEW"))
		})
		s.then("what is over counts, because it names the role for good", func(s scene) {
			role = s.CustomRole(acme.Tenant, "Once", map[feature]accessLevel{"TENANT": view})
			id := s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleId": role.ID}).String("assign.assignment.id")
			says("The role is in use: 1 assignment.")
			s.does(acme.Admin, "revokeAssignments", in{"ids": []string{id}})
			says("The role is in use: 1 record of what is over.")
		})
		s.then("a customer's role that limits its partner, or is offered to one", func(s scene) {
			fabrikam := s.Customer("Fabrikam")
			ceiling := s.CustomRole(fabrikam.Tenant, "Ceiling", map[feature]accessLevel{"TENANT": view})
			inv := s.does(fabrikam.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleId": ceiling.ID}).String("invitePartner.invitation.id")
			a := s.refused(fabrikam.Admin, "deleteRole", in{"id": ceiling.ID}, "ROLE_IN_USE at input.id")
			s.is("sentence", a.At("deleteRole.userErrors.0.message"), any("The role is in use: 1 invitation."))
			s.does(acme.Admin, "acceptInvitation", in{"id": inv})
			a = s.refused(fabrikam.Admin, "deleteRole", in{"id": ceiling.ID}, "ROLE_IN_USE at input.id")
			s.is("sentence", a.At("deleteRole.userErrors.0.message"), any("The role is in use: 1 relationship, 1 record of what is over."))
			s.refused(acme.Admin, "deleteRole", in{"id": ceiling.ID}, "NOT_FOUND at input.id")
		})
		s.then("a system role, somebody else's, one that holds more", func(s scene) {
			system, _ := access.SystemRoleByKey(access.ReadOnly)
			s.refused(acme.Admin, "deleteRole", in{"id": system.ID}, "NOT_FOUND at input.id")
			big := s.CustomRole(acme.Tenant, "Big", map[feature]accessLevel{"TOKENS": manage})
			s.refused(contoso.Admin, "deleteRole", in{"id": big.ID}, "NOT_FOUND at input.id")
			s.refused(helper, "deleteRole", in{"id": big.ID}, "NOT_FOUND at input.id")
			s.forbidden(s.Staff(acme, "reader", testworld.Role(access.ReadOnly)), "deleteRole", in{"id": big.ID})
			roles := s.Staff(acme, "roles", testworld.Custom(s.CustomRole(acme.Tenant, "Roles", map[feature]accessLevel{"ROLES": manage})))
			s.refused(roles, "deleteRole", in{"id": big.ID}, "ROLE_EXCEEDS_GRANT at input.id")
		})
	})
}
