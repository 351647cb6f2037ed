package graph_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/webhookdelivery"
	"mandate/internal/testworld"
)

// place is where an id stands in the input of a call: keys of objects, and "0" for the first of a list.
type place struct {
	path string
	kind string // the id's prefix
}

// idsOf lists where ids stand in an input, as a client sends it, and where further ones may.
func idsOf(t *ast.Type, value any, path string) (list []place) {
	if t.Elem != nil {
		var first any
		if elements, _ := value.([]any); len(elements) > 0 {
			first = elements[0]
		}
		return idsOf(t.Elem, first, path+".0")
	}
	fields, _ := value.(in)
	for _, f := range api().Types[t.NamedType].Fields {
		if f.Type.Name() == "ID" || fields[f.Name] != nil {
			list = append(list, idsOf(f.Type, fields[f.Name], strings.TrimPrefix(path+"."+f.Name, "."))...)
		}
	}
	if t.NamedType != "ID" {
		return list
	}
	id, _ := value.(string)
	kind, _, _ := strings.Cut(id, "_")
	if kind == "" {
		steps := strings.Split(strings.TrimSuffix(path, ".0"), ".")
		kind = kindOf[steps[len(steps)-1]]
	}
	return []place{{path, kind}}
}

// kindOf tells the kinds of ids that a call may do without, by the names of their fields.
var kindOf = map[string]string{"roleId": "rol", "siteIds": "sit", "partnerId": "prt", "managerId": "prt", "tenantId": "ten", "tenantIds": "ten", "unassign": "ten",
	"customerIds": "ten", "addCustomerIds": "ten", "removeCustomerIds": "ten", "addMemberIds": "mem", "removeMemberIds": "mem", "privilegeGroupIds": "grp"}

// besides is what else has to be said for an id to be looked at.
var besides = map[string]in{"roleId": {"roleKey": nil}, "siteIds": {"allSites": false}, "customerIds": {"scope": "SPECIFIC_CUSTOMERS"}, "addCustomerIds": {"scope": "SPECIFIC_CUSTOMERS"},
	"unassign": {"assign": nil}, "removeMemberIds": {"roleKey": nil}, "removeCustomerIds": {"roleKey": nil}}

// takesAway are the places where to name what is not there is to be content.
var takesAway = []string{"unassign.0", "removeMemberIds.0", "removeCustomerIds.0"}

// with is an input with another id at a place.
func with(input in, path, id string) in {
	var put func(at any, steps []string) any
	put = func(at any, steps []string) any {
		if len(steps) == 0 {
			return id
		}
		if steps[0] == "0" {
			list, _ := at.([]any)
			if len(list) == 0 {
				list = []any{nil}
			}
			list[0] = put(list[0], steps[1:])
			return list
		}
		fields, _ := at.(in)
		maps.Copy(fields, besides[steps[0]])
		fields[steps[0]] = put(fields[steps[0]], steps[1:])
		return fields
	}
	return put(clone(input), strings.Split(path, ".")).(in)
}

// never is an id that never was.
func never(kind string) string { return kind + "_" + strings.Repeat("z", 26) }

// TestT01AnIDTellsNothing: whatever takes an id answers for one that is out of sight, or that is gone, as it does for one that
// never was, byte for byte; and so to everybody.
func TestT01AnIDTellsNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		calls := s.Calls()
		everybody := s.casts(calls.Make("upsertFeature").By).attackers
		foreign, gone := s.elsewhere(calls)
		var attacks []attack
		for _, mutation := range calls.Mutations() {
			call := calls.Make(mutation)
			if input := api().Mutation.Fields.ForName(mutation).Arguments.ForName("input"); input != nil {
				for _, at := range idsOf(input.Type, clone(call.Input), "") {
					attacks = append(attacks, attack{s, mutation, call, at})
				}
			}
		}
		before := s.rows()
		for _, contents := range []bool{false, true} { // what is content to take nothing away notes that it was asked
			for _, a := range attacks {
				if slices.Contains(takesAway, a.at.path) != contents {
					continue
				}
				theirs := foreign[a.at.kind]
				if theirs == "" {
					s.Fatalf("of what kind is the id at %s of %s?", a.at.path, a.mutation)
				}
				a.alike(a.call.By, theirs, gone[a.at.kind], never("usr"), a.call.By.ID, "", "x", strings.ToUpper(theirs), strings.Repeat("9", 10_000))
				for _, p := range everybody {
					a.alike(p, theirs)
				}
			}
			if !contents {
				s.unchanged(before, "naming what is out of sight")
			}
		}
		if n := len(attacks); n < 60 {
			s.Errorf("mutations take ids at %d places", n)
		}
	})
}

// attack is on an id in the input of a mutation.
type attack struct {
	scene
	mutation string
	call     testworld.Call
	at       place
}

// alike checks that somebody who names ids that they do not see is answered as for one that never was.
func (a attack) alike(p *testworld.Person, ids ...string) {
	a.Helper()
	ask := func(id string) *testworld.Answer {
		return p.Do(a.call.Document(payloads[a.mutation]), testworld.Vars{"in": with(a.call.Input, a.at.path, id)})
	}
	want := ask(never(a.at.kind))
	if told := strings.Join(append(want.Errors(), outcome(want)), ", "); strings.HasSuffix(told, "OK") && !slices.Contains(takesAway, a.at.path) {
		a.Errorf("%s with an id that never was at %s: %s", a.mutation, a.at.path, want.Body)
	}
	for _, id := range ids {
		if p.ID != "" && strings.HasPrefix(id, a.at.kind+"_") && p.Do("query($id: ID!) { node(id: $id) { id } }", testworld.Vars{"id": id}).At("node") != nil {
			continue
		}
		if got := ask(id); got.Body != want.Body {
			a.Errorf("%s with %.40q at %s:\n%s\nand with an id that never was:\n%s", a.mutation, id, a.at.path, got.Body, want.Body)
		}
	}
}

// elsewhere makes something of every kind in tenants of others, and of every kind that can go something that is gone.
func (s scene) elsewhere(calls *testworld.Calls) (foreign, gone map[string]string) {
	s.Helper()
	foreign, gone = make(map[string]string), make(map[string]string)
	for kind, from := range map[string]struct{ mutation, path string }{
		"ten": {"deleteTenant", "id"}, "prt": {"recognizePartner", "id"}, "mem": {"removeMembers", "ids"}, "rol": {"deleteRole", "id"},
		"rel": {"terminateRelationship", "id"}, "inv": {"revokeInvitation", "id"}, "asg": {"revokeAssignments", "ids"}, "ses": {"revokeSession", "id"},
		"req": {"rejectAccessRequests", "ids"}, "grp": {"deletePrivilegeGroup", "id"}, "tok": {"revokeApiToken", "id"}, "whk": {"deleteWebhook", "id"},
		"out": {"dropOutboxMessages", "ids"},
	} {
		for _, ids := range []map[string]string{foreign, gone} {
			call := calls.Make(from.mutation)
			id, single := call.Input[from.path].(string)
			if !single {
				id = call.Input[from.path].([]string)[0]
			}
			ids[kind] = id
			if kind == "prt" {
				call = testworld.Call{Mutation: "deleteTenant", By: call.By, Input: in{"id": s.Write.Partner.GetX(s.System(), id).TenantID}}
			}
			if gone[kind] != "" {
				s.asks(call.By, call.Mutation, call.Input).OK()
			}
		}
	}
	elsewhere := s.Customer("Elsewhere")
	foreign["sit"] = s.Site(elsewhere.Tenant, "Site").ID
	foreign["sub"] = s.Subscription(elsewhere.Tenant, "Service", nil).ID
	foreign["whd"] = s.Delivery(s.Webhook(elsewhere.Tenant, "https://elsewhere.example"), webhookdelivery.StatusFailed).ID
	foreign["usr"] = elsewhere.Admin.ID
	foreign["out"] = gone["out"] // whoever sees one mail sees all: TestTheOutboxIsTheOperators
	foreign["evt"] = s.read("SELECT id FROM audit_events")[0]
	return foreign, gone
}

// readsByID are all fields that read something by an id, by where the id stands in them, with the kind of the id. $tenant is a
// tenant that most of the cast reach.
var readsByID = map[string]struct{ kind, query string }{
	"Query.node(id)":                           {"", "{ node(id: $id) { __typename id } }"},
	"Query.nodes(ids)":                         {"", "{ nodes(ids: [$tenant, $id, $tenant, $id]) { __typename id } }"},
	"Query.tenant(id)":                         {"ten", "{ tenant(id: $id) { id name relationships(first: 1) { totalCount } } }"},
	"Query.customers(filter.partnerId)":        {"prt", "{ customers(first: 1, filter: {partnerId: $id}) { totalCount nodes { id } } }"},
	"Query.customers(filter.assignedTo)":       {"mem", "{ customers(first: 1, filter: {assignedTo: $id}) { totalCount nodes { id } } }"},
	"Query.techPartners(managerId)":            {"prt", "{ techPartners(first: 1, managerId: $id) { totalCount nodes { id } } }"},
	"Query.checkAccess(input.userId)":          {"usr", `{ checkAccess(input: {userId: $id, tenantId: $tenant, feature: "TENANT", level: VIEW}) { allowed level paths { via } } }`},
	"Query.checkAccess(input.tenantId)":        {"ten", `{ checkAccess(input: {userId: $me, tenantId: $id, feature: "TENANT", level: VIEW}) { allowed level paths { via } } }`},
	"Tenant.assignment(granteeId)":             {"mem", "{ tenant(id: $tenant) { assignment(granteeId: $id) { id } } }"},
	"Tenant.auditEvents(filter.actorId)":       {"usr", "{ tenant(id: $tenant) { auditEvents(first: 1, filter: {actorId: $id}) { totalCount nodes { id } } } }"},
	"Tenant.auditEvents(filter.otherTenantId)": {"ten", "{ tenant(id: $tenant) { auditEvents(first: 1, filter: {otherTenantId: $id}) { totalCount nodes { id } } } }"},
}

// TestT01ReadingByAnIDTellsNothing: everybody reads by an id that is out of sight, gone, or of another kind what they read by one
// that never was.
func TestT01ReadingByAnIDTellsNothing(t *testing.T) {
	var listed, inSchema []string
	for at := range readsByID {
		listed = append(listed, at)
	}
	for _, d := range []*ast.Definition{api().Query, api().Types["Tenant"], api().Types["Partner"], api().Types["Viewer"]} {
		for _, f := range ownFields(d) {
			for _, a := range f.Arguments {
				if a.Type.Name() == "ID" {
					inSchema = append(inSchema, d.Name+"."+f.Name+"("+a.Name+")")
				}
				for _, below := range api().Types[a.Type.Name()].Fields {
					if below.Type.Name() == "ID" {
						inSchema = append(inSchema, d.Name+"."+f.Name+"("+a.Name+"."+below.Name+")")
					}
				}
			}
		}
	}
	slices.Sort(listed)
	slices.Sort(inSchema)
	if !slices.Equal(listed, inSchema) {
		t.Errorf("what is read by ids is %v; listed are %v", inSchema, listed)
	}
	eachScene(t, func(s scene) {
		calls := s.Calls()
		c := s.casts(calls.Make("upsertFeature").By)
		foreign, gone := s.elsewhere(calls)
		compared := 0
		for who, p := range c.attackers {
			sees := func(id string) bool {
				return p.ID != "" && p.Do("query($id: ID!) { node(id: $id) { id } }", testworld.Vars{"id": id}).At("node") != nil
			}
			for kind, id := range foreign {
				for at, by := range readsByID {
					if by.kind != "" && by.kind != kind {
						continue
					}
					ask := func(id string) string {
						text := strings.NewReplacer("$id", quote(id), "$tenant", quote(c.contoso.ID), "$me", quote(p.ID)).Replace(by.query)
						return p.Do(text, nil).Body
					}
					want := ask(never(kind))
					for _, other := range []string{id, gone[kind], foreign["sub"], strings.ToUpper(id), "x"} {
						if sees(other) {
							continue
						}
						compared++
						if got := ask(other); got != want {
							s.Errorf("%s reads %s by %s:\n%s\nand by one that never was:\n%s", who, at, other, got, want)
						}
					}
				}
			}
		}
		if compared < 1000 {
			s.Errorf("%d answers were compared", compared)
		}
	})
}

func quote(s string) string { return `"` + s + `"` }
