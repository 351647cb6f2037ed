package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/webhookdelivery"
	"mandate/internal/testworld"
)

// chooser is what rows of a list are chosen or ordered by: a value that chooses some, and the field of a row that tells it.
type chooser struct{ value, tells string }

// choosers are all arguments of all lists but those of their pages. What is told by id alone takes more than any field does: who is
// assigned where, and where oneself may assign.
var choosers = map[string]chooser{
	"Query.customers(filter.search)":             {`"contoso"`, "name"},
	"Query.customers(filter.tags)":               {`["vip"]`, "tags"},
	"Query.customers(filter.status)":             {"[ACTIVE]", "status"},
	"Query.customers(filter.partnerId)":          {"$partner", "relationship { id }"},
	"Query.customers(filter.assignedTo)":         {"$grantee", "id"},
	"Query.customers(filter.assignable)":         {"true", "id"},
	"Query.customers(filter.relationshipStatus)": {"[ACTIVE]", "relationship { status }"},
	"Query.customers(filter.expiringBefore)":     {`"2030-01-01T00:00:00Z"`, "relationship { endsAt }"},
	"Query.customers(orderBy.field)":             {"NAME", "name"},
	"Query.tenants(filter.search)":               {`"contoso"`, "name"},
	"Query.tenants(filter.kind)":                 {"[CUSTOMER]", "kind"},
	"Query.tenants(filter.status)":               {"[ACTIVE]", "status"},
	"Query.tenants(filter.partnerType)":          {"[MSP]", "partner { type }"},
	"Query.tenants(filter.recognized)":           {"true", "partner { recognized }"},
	"Query.tenants(orderBy.field)":               {"NAME", "name"},
	"Query.outbox(status)":                       {"PENDING", "status"},
	"Query.techPartners(managerId)":              {"$partner", "managedBy { name }"},
	"Query.techPartners(filter.search)":          {`"nordic"`, "name"},
	"Query.techPartners(filter.type)":            {"[INTEGRATOR]", "type"},
	"Query.techPartners(orderBy.field)":          {"NAME TYPE TENANT_ID MSP_ADMIN_COUNT ASSIGNED_CUSTOMERS_COUNT ACCOUNT_ADMIN_COUNT", "name; type; tenant { id }; mspAdminCount; assignedCustomersCount; accountAdminCount"},
	"Viewer.tenants(via)":                        {"[OWN]", "via"},
	"Viewer.tenants(search)":                     {`"contoso"`, "tenant { name }"},
	"Viewer.invitations(status)":                 {"[PENDING]", "status"},
	"Tenant.members(filter.search)":              {`"reader"`, "name"},
	"Tenant.members(filter.status)":              {"[ACTIVE]", "status"},
	"Tenant.members(filter.administrator)":       {"false", "administrator"},
	"Tenant.members(filter.guest)":               {"true", "guest"},
	"Tenant.members(orderBy.field)":              {"NAME STATUS LAST_SIGNED_IN_AT", "name; status; lastSignedInAt"},
	"Tenant.accessRequests(status)":              {"[REJECTED]", "status"},
	"Tenant.sites(search)":                       {`"north"`, "name"},
	"Tenant.relationships(status)":               {"[ACTIVE]", "status"},
	"Tenant.invitations(status)":                 {"[PENDING]", "status"},
	"Tenant.invitations(direction)":              {"PARTNER_TO_CUSTOMER", "direction"},
	"Tenant.assignments(status)":                 {"[ACTIVE]", "status"},
	"Tenant.assignments(expiringBefore)":         {`"2030-01-01T00:00:00Z"`, "accessPeriod { endsAt }"},
	"Webhook.deliveries(status)":                 {"DELIVERED", "status"},
	"Tenant.auditEvents(filter.actorId)":         {"$user", "actor { name }"},
	"Tenant.auditEvents(filter.action)":          {`["api_token.created"]`, "action"},
	"Tenant.auditEvents(filter.otherTenantId)":   {"$tenant", "id"},
	"Tenant.auditEvents(filter.from)":            {`"2020-01-01T00:00:00Z"`, "at"},
	"Tenant.auditEvents(filter.to)":              {`"2030-01-01T00:00:00Z"`, "at"},
	"Tenant.auditEvents(filter.delegatedOnly)":   {"false", "onBehalfOf { name }"},
}

// pageArguments are those that say which page of a list is asked for.
var pageArguments = []string{"first", "after", "last", "before"}

// chosenBy lists what the lists of the schema are chosen and ordered by.
func chosenBy() (list []string) {
	for _, d := range api().Types {
		for _, f := range ownFields(d) {
			for _, a := range f.Arguments {
				if slices.Contains(pageArguments, a.Name) || !strings.HasSuffix(f.Type.Name(), "Connection") {
					continue
				}
				at := d.Name + "." + f.Name + "(" + a.Name
				if of := api().Types[a.Type.Name()]; of.Kind == ast.InputObject {
					for _, g := range of.Fields {
						if g.Name != "direction" {
							list = append(list, at+"."+g.Name+")")
						}
					}
				} else {
					list = append(list, at+")")
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestT03WhatIsChosenByCanBeRead: nobody finds a row by a field that they may not read of it, and no secret is to be chosen by.
func TestT03WhatIsChosenByCanBeRead(t *testing.T) {
	var listed []string
	for at := range choosers {
		listed = append(listed, at)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(chosenBy(), listed); diff != "" {
		t.Errorf("what lists are chosen by (- schema, + listed):\n%s", diff)
	}
	for _, at := range chosenBy() {
		if regexp.MustCompile(`(?i)hash|token|password|secret|key|code`).MatchString(at) {
			t.Errorf("a secret can be guessed by %s", at)
		}
	}
	eachScene(t, func(s scene) {
		c := s.casts(s.Operator().Admin)
		c.furnish(s)
		for at, by := range choosers {
			tells := strings.Split(by.tells, "; ")
			values := []string{by.value}
			if len(tells) > 1 {
				values = strings.Fields(by.value)
			}
			for n, value := range values {
				found := 0
				for who, p := range c.attackers {
					found += c.choose(s, who, p, at, value, tells[n])
				}
				if found == 0 {
					s.Errorf("nobody finds anything by %s", at)
				}
			}
		}
	})
}

// furnish gives the cast's customer and partner something to be found by everything.
func (c *cast) furnish(s scene) {
	s.Helper()
	member := c.attackers["a reader"].Member(c.contoso.Tenant)
	s.Site(c.contoso.Tenant, "north")
	c.hook = s.Webhook(c.contoso.Tenant, "https://hooks.contoso.example")
	s.Delivery(c.hook, webhookdelivery.StatusDelivered)
	s.Staff(c.contoso, "guest", testworld.Guest)
	s.asks(c.contoso.Admin, "updateTenant", in{"id": c.contoso.ID, "tags": []string{"vip"}}).OK()
	s.asks(s.NewPartner("Globex").Admin, "inviteCustomer", in{"email": c.contoso.Admin.Email}).OK()
	s.asks(c.acme.Admin, "inviteCustomer", in{"email": "somebody@example.com"}).OK()
	s.must(s.Write.AccessRequest.Create().SetTenantID(c.contoso.ID).SetMemberID(member.ID).SetStatus("REJECTED").SetExpiresAt(s.Now()).Exec(s.System()))
	s.must(s.Write.Assignment.Update().SetEndsAt(s.Now().AddDate(0, 1, 0)).Exec(s.System()))
	s.must(s.Write.Relationship.Update().SetEndsAt(s.Now().AddDate(0, 2, 0)).Exec(s.System()))
}

// choose asks for rows as somebody, and checks that what chose them is told of each. It returns how many were found.
func (c *cast) choose(s scene, who string, p *testworld.Person, at, value, tells string) (found int) {
	s.Helper()
	parts := regexp.MustCompile(`(\w+)\.(\w+)\((\w+)(?:\.(\w+))?\)`).FindStringSubmatch(at)
	for _, of := range []*testworld.Company{c.contoso, c.acme} {
		given := strings.NewReplacer("$partner", `"`+c.acme.Partner.ID+`"`, "$grantee", `"`+c.nordic.Partner.ID+`"`, "$user", `"`+c.contoso.Admin.ID+`"`, "$tenant", `"`+c.acme.ID+`"`).Replace(value)
		if parts[4] != "" {
			given = "{" + parts[4] + ": " + given + "}"
		}
		list := fmt.Sprintf("list: %s(first: 20, %s: %s) { totalCount nodes { %s } }", parts[2], parts[3], given, tells)
		query, path := "{ "+list+" }", "list"
		switch parts[1] {
		case "Viewer":
			query, path = "{ viewer "+query+" }", "viewer.list"
		case "Tenant":
			query, path = `{ tenant(id: "`+of.ID+`") `+query+" }", "tenant.list"
		case "Webhook":
			query, path = `{ node(id: "`+c.hook.ID+`") { ... on Webhook `+query+" } }", "node.list"
		}
		a := p.Do(query, nil)
		for _, e := range a.Errors() {
			code, where, _ := strings.Cut(e, " at ")
			if code != "FORBIDDEN" && code != "UNAUTHENTICATED" || strings.Contains(where, ".nodes.") {
				s.Errorf("%s chooses by %s: %s\n%s", who, at, e, a.Body)
			}
		}
		rows, _ := a.At(path + ".nodes").([]any)
		found += len(rows)
		if n := a.At(path + ".totalCount"); len(rows) == 0 && n != nil && n != 0. {
			s.Errorf("%s chooses by %s, sees nothing and counts %v", who, at, n)
		}
	}
	return found
}
