package testworld

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/relationship"
	"mandate/ent/tenant"
	"mandate/ent/webhookdelivery"
	"mandate/internal/access"
	"mandate/internal/auth"
)

// Call is a mutation that somebody may send as things are, and that leaves one event in the audit trail.
type Call struct {
	Mutation string
	By       *Person
	Input    map[string]any // nil for one that takes none
}

// Document is the call's, with what it reads of the payload. The input is the variable in.
func (c Call) Document(payload string) string {
	if c.Input == nil {
		return fmt.Sprintf("mutation { %s { %s userErrors { code field } } }", c.Mutation, payload)
	}
	return fmt.Sprintf("mutation($in: %s%sInput!) { %s(input: $in) { %s userErrors { code field } } }",
		strings.ToUpper(c.Mutation[:1]), c.Mutation[1:], c.Mutation, payload)
}

// Calls makes calls of every mutation for which somebody is signed in. Each is made in a corner of the world of its own, so
// that none stands in another one's way.
type Calls struct {
	*World
	operator *Company
}

// Calls makes the operator, to whom some of the calls belong.
func (w *World) Calls() *Calls { return &Calls{w, w.Operator()} }

// Mutations lists the mutations of which there are calls.
func (c *Calls) Mutations() []string { return slices.Sorted(maps.Keys(makers)) }

// Make makes a call; it fails the test for a mutation of which it knows none.
func (c *Calls) Make(mutation string) Call {
	c.t.Helper()
	maker, known := makers[mutation]
	if !known {
		c.t.Fatalf("there is no call of %s", mutation)
	}
	by, input := maker(corner{c, fmt.Sprint("n", c.next())})
	return Call{mutation, by, input}
}

// corner is a part of the world with names of its own.
type corner struct {
	*Calls
	name string
}

type input = map[string]any

// first says who is to be the first administrator of a new tenant.
func (c corner) first(more input) input {
	more["name"], more["adminEmail"] = "New "+c.name, "new."+c.name+"@example.com"
	more["adminFirstName"], more["adminLastName"] = "Nora", "New"
	return more
}

func (c corner) partner() *Company  { return c.NewPartner("partner " + c.name) }
func (c corner) customer() *Company { return c.Customer("customer " + c.name) }

// pair is a customer that designated its partner.
func (c corner) pair(ceiling access.RoleKey) (p, cu *Company, rel *ent.Relationship) {
	p, cu = c.partner(), c.customer()
	return p, cu, c.Connect(p, cu, ceiling, relationship.KindCustomerDesignated)
}

// clerk is one of a company's people, of READ_ONLY.
func (c corner) clerk(of *Company) *Person {
	return c.Staff(of, "clerk "+c.name, Role(access.ReadOnly))
}

// clerkOf is a customer with a clerk, by whose id its administrator changes something.
func (c corner) clerkOf() (*Company, *ent.Member) {
	cu := c.customer()
	return cu, c.clerk(cu).Member(cu.Tenant)
}

// invited is a partner's invitation to a customer's administrator.
func (c corner) invited() (p, cu *Company, id string) {
	p, cu = c.partner(), c.customer()
	a := p.Admin.Do(`mutation($e: String!) { inviteCustomer(input: {email: $e}) { invitation { id } userErrors { code } } }`, Vars{"e": cu.Admin.Email}).OK()
	return p, cu, a.String("inviteCustomer.invitation.id")
}

// applicant is a request to be let into a customer.
func (c corner) applicant() (*Company, string) {
	cu := c.customer()
	p := c.Person("applicant "+c.name).Join(cu.Tenant, func(m *ent.MemberCreate) { m.SetStatus(member.StatusPendingApproval) })
	row, err := c.Write.AccessRequest.Create().SetTenantID(cu.ID).SetMemberID(p.Member(cu.Tenant).ID).SetEmailValidated(true).
		SetStatus(accessrequest.StatusPending).SetExpiresAt(c.Now().AddDate(0, 0, 30)).Save(c.System())
	c.must(err)
	return cu, row.ID
}

// role is a customer's own.
func (c corner) role() (*Company, *ent.Role) {
	cu := c.customer()
	return cu, c.CustomRole(cu.Tenant, "Role "+c.name, map[access.Feature]access.Level{access.Tenant: access.View})
}

// group is a partner's privilege group over all its customers.
func (c corner) group() (*Company, *ent.PrivilegeGroup) {
	p := c.partner()
	r, _ := access.SystemRoleByKey(access.ReadOnly)
	return p, c.Group(p, "Group "+c.name, r.ID, c.clerk(p))
}

// assigned is a partner's clerk who works for a customer.
func (c corner) assigned() (*Company, *ent.Assignment) {
	p, cu, _ := c.pair(access.Administrator)
	return p, c.Assign(p, cu, c.clerk(p), access.ReadOnly)
}

// webhook is a customer's.
func (c corner) webhook() (*Person, *ent.Webhook) {
	cu := c.customer()
	return cu.Admin, c.Webhook(cu.Tenant, "https://"+c.name+".example/hook")
}

// Token begins another session of the person's and returns its token.
func (p *Person) Token() (id, token string) {
	p.w.t.Helper()
	token, hash := auth.NewToken()
	now := p.w.Now()
	s, err := p.w.Write.Session.Create().SetUserID(p.ID).SetTokenHash(hash).SetStartedAt(now).SetAuthenticatedAt(now).SetLastSeenAt(now).
		SetExpiresAt(now.Add(auth.SessionLife)).Save(p.w.System())
	p.w.must(err)
	return s.ID, token
}

// makers make the calls of the mutations, by name.
var makers = map[string]func(corner) (*Person, input){
	"acceptInvitation": func(c corner) (*Person, input) { _, cu, id := c.invited(); return cu.Admin, input{"id": id} },
	"declineInvitation": func(c corner) (*Person, input) {
		_, cu, id := c.invited()
		return cu.Admin, input{"id": id, "reason": "No " + c.name}
	},
	"resendInvitation": func(c corner) (*Person, input) { p, _, id := c.invited(); return p.Admin, input{"id": id} },
	"revokeInvitation": func(c corner) (*Person, input) { p, _, id := c.invited(); return p.Admin, input{"id": id} },
	"inviteCustomer": func(c corner) (*Person, input) {
		return c.partner().Admin, input{"email": "invited." + c.name + "@example.com", "message": "Hello " + c.name}
	},
	"invitePartner": func(c corner) (*Person, input) {
		return c.customer().Admin, input{"code": c.partner().Partner.Code, "roleKey": "READ_ONLY"}
	},
	"rotateInviteLink": func(c corner) (*Person, input) { p := c.partner(); return p.Admin, input{"partnerId": p.Partner.ID} },
	"registerPartner":  func(c corner) (*Person, input) { return c.operator.Admin, c.first(input{"type": "MSP"}) },
	"recognizePartner": func(c corner) (*Person, input) {
		return c.operator.Admin, input{"id": c.partner().Partner.ID, "recognized": false}
	},
	"createTechPartner": func(c corner) (*Person, input) { return c.partner().Admin, c.first(input{"type": "INTEGRATOR"}) },
	"createCustomer":    func(c corner) (*Person, input) { return c.partner().Admin, c.first(input{}) },

	"narrowRelationship": func(c corner) (*Person, input) {
		_, cu, rel := c.pair(access.Administrator)
		return cu.Admin, input{"id": rel.ID, "roleKey": "READ_ONLY"}
	},
	"widenRelationship": func(c corner) (*Person, input) {
		p, _, rel := c.pair(access.ReadOnly)
		return p.Admin, input{"id": rel.ID, "roleKey": "ADMINISTRATOR"}
	},
	"extendRelationship": func(c corner) (*Person, input) {
		_, cu, rel := c.pair(access.ReadOnly)
		c.must(c.Write.Relationship.UpdateOne(rel).SetEndsAt(c.Now().AddDate(0, 0, 30)).SetDueAt(c.Now().AddDate(0, 0, 23)).Exec(c.System()))
		return cu.Admin, input{"id": rel.ID, "endsAt": c.Now().AddDate(0, 0, 60).Format(time.RFC3339)}
	},
	"suspendRelationship": func(c corner) (*Person, input) {
		_, cu, rel := c.pair(access.Administrator)
		return cu.Admin, input{"id": rel.ID}
	},
	"resumeRelationship": func(c corner) (*Person, input) {
		_, cu, rel := c.pair(access.Administrator)
		c.must(c.Write.Relationship.UpdateOne(rel).SetStatus(relationship.StatusSuspended).SetSuspendedByCustomer(true).Exec(c.System()))
		return cu.Admin, input{"id": rel.ID}
	},
	"terminateRelationship": func(c corner) (*Person, input) {
		p, cu, rel := c.pair(access.Administrator)
		c.Assign(p, cu, c.clerk(p), access.ReadOnly)
		return cu.Admin, input{"id": rel.ID, "reason": "Over " + c.name}
	},

	"activateService": func(c corner) (*Person, input) { cu := c.customer(); return cu.Admin, input{"tenantId": cu.ID} },
	"updateTenant": func(c corner) (*Person, input) {
		cu := c.customer()
		return cu.Admin, input{"id": cu.ID, "accountNumber": "A-" + c.name, "tags": []string{"tag-" + c.name}}
	},
	"suspendTenant": func(c corner) (*Person, input) { return c.operator.Admin, input{"id": c.customer().ID} },
	"reactivateTenant": func(c corner) (*Person, input) {
		cu := c.customer()
		c.must(c.Write.Tenant.UpdateOne(cu.Tenant).SetStatus(tenant.StatusSuspended).Exec(c.System()))
		return c.operator.Admin, input{"id": cu.ID}
	},
	"deleteTenant": func(c corner) (*Person, input) { return c.operator.Admin, input{"id": c.customer().ID} },
	"syncInventory": func(c corner) (*Person, input) {
		cu := c.customer()
		return cu.Admin, input{"tenantId": cu.ID, "sites": []input{{"accountNumber": "S-" + c.name, "name": "Site " + c.name, "status": "UP"}},
			"devices": []input{{"serialNumber": "D-" + c.name, "siteAccountNumber": "S-" + c.name}}}
	},

	"addMembers": func(c corner) (*Person, input) {
		cu := c.customer()
		return cu.Admin, input{"tenantId": cu.ID, "members": []input{{"userId": "u" + c.name, "label": "Label " + c.name, "firstName": "Nora", "lastName": "New",
			"email": "new." + c.name + "@example.com", "phone": "+49 30 901820", "roleKey": "READ_ONLY"}}}
	},
	"updateMembers": func(c corner) (*Person, input) {
		cu, m := c.clerkOf()
		return cu.Admin, input{"tenantId": cu.ID, "members": []input{{"id": m.ID, "label": "Label " + c.name}}}
	},
	"removeMembers": func(c corner) (*Person, input) {
		cu, m := c.clerkOf()
		return cu.Admin, input{"tenantId": cu.ID, "ids": []string{m.ID}}
	},
	"setMemberStatus": func(c corner) (*Person, input) {
		cu, m := c.clerkOf()
		return cu.Admin, input{"tenantId": cu.ID, "ids": []string{m.ID}, "status": "SUSPENDED"}
	},
	"sendPasswordLinks": func(c corner) (*Person, input) {
		cu, m := c.clerkOf()
		return cu.Admin, input{"tenantId": cu.ID, "ids": []string{m.ID}}
	},
	"changeRole": func(c corner) (*Person, input) {
		cu, m := c.clerkOf()
		return cu.Admin, input{"memberId": m.ID, "roleKey": "GUEST_MANAGER"}
	},
	"approveAccessRequests": func(c corner) (*Person, input) {
		cu, id := c.applicant()
		return cu.Admin, input{"ids": []string{id}, "roleKey": "READ_ONLY"}
	},
	"rejectAccessRequests": func(c corner) (*Person, input) {
		cu, id := c.applicant()
		return cu.Admin, input{"ids": []string{id}, "reason": "No " + c.name}
	},
	"createRole": func(c corner) (*Person, input) {
		cu := c.customer()
		return cu.Admin, input{"tenantId": cu.ID, "name": "Role " + c.name, "permissions": []input{{"feature": "TENANT", "level": "VIEW"}}}
	},
	"updateRole": func(c corner) (*Person, input) {
		cu, r := c.role()
		return cu.Admin, input{"id": r.ID, "name": "Other " + c.name}
	},
	"deleteRole": func(c corner) (*Person, input) { cu, r := c.role(); return cu.Admin, input{"id": r.ID} },

	"retryOutboxMessages": func(c corner) (*Person, input) {
		return c.operator.Admin, input{"ids": []string{c.DeadMail("dead." + c.name + "@example.com").ID}}
	},
	"dropOutboxMessages": func(c corner) (*Person, input) {
		return c.operator.Admin, input{"ids": []string{c.DeadMail("dead." + c.name + "@example.com").ID}}
	},
	"upsertFeature": func(c corner) (*Person, input) {
		return c.operator.Admin, input{"key": "feature." + c.name, "name": "Feature " + c.name}
	},
	"retireFeature": func(c corner) (*Person, input) {
		key := "feature." + c.name
		c.must(c.Write.Feature.Create().SetKey(key).SetName("Feature " + c.name).SetPosition(1000 + c.next()).
			SetNoneLabel("Hide").SetViewLabel("View").SetManageLabel("Manage").Exec(c.System()))
		return c.operator.Admin, input{"key": key}
	},

	"assign": func(c corner) (*Person, input) {
		p, cu, _ := c.pair(access.Administrator)
		return p.Admin, input{"granteeId": c.clerk(p).Member(p.Tenant).ID, "tenantId": cu.ID, "roleKey": "READ_ONLY"}
	},
	"extendAssignment": func(c corner) (*Person, input) {
		p, a := c.assigned()
		return p.Admin, input{"id": a.ID, "accessPeriod": input{"days": 30}}
	},
	"revokeAssignments": func(c corner) (*Person, input) { p, a := c.assigned(); return p.Admin, input{"ids": []string{a.ID}} },
	"setAssignedCustomers": func(c corner) (*Person, input) {
		p, cu, _ := c.pair(access.Administrator)
		t := c.TechPartner(p, "tech "+c.name, partner.TypeIntegrator)
		return p.Admin, input{"partnerId": t.Partner.ID, "assign": []string{cu.ID}, "roleKey": "READ_ONLY"}
	},
	"setMspDelegations": func(c corner) (*Person, input) {
		p := c.partner()
		t := c.TechPartner(p, "tech "+c.name, partner.TypeIntegrator)
		m := c.clerk(p).Member(p.Tenant)
		return p.Admin, input{"tenantId": t.ID, "members": []input{{"memberId": m.ID, "roleKey": "READ_ONLY"}}, "privilegeGroupIds": []string{}}
	},
	"createPrivilegeGroup": func(c corner) (*Person, input) {
		p := c.partner()
		return p.Admin, input{"tenantId": p.ID, "name": "Group " + c.name, "roleKey": "READ_ONLY", "scope": "ALL_CUSTOMERS",
			"memberIds": []string{c.clerk(p).Member(p.Tenant).ID}}
	},
	"updatePrivilegeGroup": func(c corner) (*Person, input) {
		p, g := c.group()
		return p.Admin, input{"id": g.ID, "roleKey": "GUEST_MANAGER"}
	},
	"deletePrivilegeGroup": func(c corner) (*Person, input) { p, g := c.group(); return p.Admin, input{"id": g.ID} },

	"setTablePreference": func(c corner) (*Person, input) {
		return c.customer().Admin, input{"table": "members", "columns": []string{"name", "label"}}
	},
	"resetTablePreference": func(c corner) (*Person, input) {
		p := c.customer().Admin
		c.must(c.Write.TablePreference.Create().SetUserID(p.ID).SetTable("members").SetColumns([]string{"name"}).Exec(c.System()))
		return p, input{"table": "members"}
	},
	"enterTenant": func(c corner) (*Person, input) {
		p, cu, _ := c.pair(access.Administrator)
		return p.Admin, input{"tenantId": cu.ID, "reason": "Ticket " + c.name}
	},
	"leaveTenant": func(c corner) (*Person, input) {
		cu := c.customer()
		return c.clerk(cu).Join(c.partner().Tenant, Nothing), input{"tenantId": cu.ID}
	},
	"signOut": func(c corner) (*Person, input) { return c.customer().Admin, nil },
	"revokeSession": func(c corner) (*Person, input) {
		p := c.customer().Admin
		id, _ := p.Token()
		return p, input{"id": id}
	},
	"changePassword": func(c corner) (*Person, input) {
		return c.customer().Admin, input{"currentPassword": Password, "newPassword": "quite another " + c.name}
	},
	"changeEmail": func(c corner) (*Person, input) {
		return c.customer().Admin, input{"currentPassword": Password, "newEmail": "moved." + c.name + "@example.com"}
	},
	"reauthenticate": func(c corner) (*Person, input) { return c.customer().Admin, input{"password": Password} },
	"createApiToken": func(c corner) (*Person, input) {
		return c.customer().Admin, input{"name": "Token " + c.name, "scopes": []input{{"feature": "TENANT", "level": "VIEW"}}}
	},
	"revokeApiToken": func(c corner) (*Person, input) {
		p := c.customer().Admin
		a := p.Do(`mutation { createApiToken(input: {name: "Token", scopes: [{feature: "TENANT", level: VIEW}]}) { apiToken { id } userErrors { code } } }`, nil).OK()
		return p, input{"id": a.String("createApiToken.apiToken.id")}
	},
	"createWebhook": func(c corner) (*Person, input) {
		cu := c.customer()
		return cu.Admin, input{"tenantId": cu.ID, "url": "https://" + c.name + ".example/hook", "events": []string{"member.added"}}
	},
	"updateWebhook": func(c corner) (*Person, input) {
		p, w := c.webhook()
		return p, input{"id": w.ID, "url": "https://other." + c.name + ".example/hook"}
	},
	"rotateWebhookSecret": func(c corner) (*Person, input) { p, w := c.webhook(); return p, input{"id": w.ID} },
	"deleteWebhook":       func(c corner) (*Person, input) { p, w := c.webhook(); return p, input{"id": w.ID} },
	"redeliverWebhook": func(c corner) (*Person, input) {
		p, w := c.webhook()
		return p, input{"ids": []string{c.Delivery(w, webhookdelivery.StatusFailed).ID}}
	},
}
