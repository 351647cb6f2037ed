package graph_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/testworld"
)

// What a mutation answers of a row is what somebody reads who asks for it afterwards.
func TestAMutationAnswersWhatIsThere(t *testing.T) {
	sdl := publicSchema(t)
	eachScene(t, func(s scene) {
		s.Ticks(time.Millisecond)
		for _, c := range s.changesOfMembers() {
			s.answersWhatIsThere(sdl, c)
		}
		calls := s.Calls()
		for _, mutation := range calls.Mutations() {
			if mutation != "enterTenant" { // which answers as the session that it makes
				s.answersWhatIsThere(sdl, calls.Make(mutation))
			}
		}
	})
}

// Whoever has gone before all is written has written nothing.
func TestWhoHasGoneWritesNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		for name, goes := range map[string]bool{"somebody who waits": false, "somebody who goes": true} {
			ctx, cancel := context.WithCancel(rule.With(acme.Admin.Context(), s.Read, s.DB.Dialect))
			c := s.Service.Config
			c.Clock = func() time.Time { // a transaction reads it when it has begun
				if goes {
					cancel()
				}
				return s.Now()
			}
			address := map[bool]string{false: "stays@example.org", true: "goes@example.org"}[goes]
			_, err := mandate.New(c).InviteCustomer(ctx, mandate.InviteCustomer{Email: address})
			cancel()
			s.is(name, errors.Is(err, context.Canceled), goes)
			s.is(name+": mails", len(s.Mails(address)), map[bool]int{false: 1, true: 0}[goes])
		}
	})
}

// changesOfMembers are calls that change all that can be changed of a member, one after the other.
func (s scene) changesOfMembers() (list []testworld.Call) {
	contoso := s.Customer("Contoso")
	clerk := s.Staff(contoso, "clerk", testworld.Role(access.ReadOnly)).Member(contoso.Tenant).ID
	berlin := s.site(contoso, "B-1")
	for _, change := range []in{
		{"permissions": levels("invoices", "VIEW", "SITES", "VIEW"), "roleKey": "GUEST_MANAGER"},
		{"permissions": levels("invoices", "MANAGE", "orders", "VIEW"), "roleKey": "GUEST_MANAGER"},
		{"permissions": levels("orders", "VIEW"), "roleKey": "READ_ONLY", "siteIds": []string{berlin}},
		{"permissions": catalogueLevels("tickets", "VIEW"), "allSites": true},
		{"firstName": " Zoe\u0308 ", "lastName": "Żak", "label": "Front  desk", "userId": "ZOË", "phone": "+49 30 901820"},
		{"administrator": true},
		{"administrator": false, "roleKey": "READ_ONLY"},
	} {
		change["id"] = clerk
		list = append(list, testworld.Call{Mutation: "updateMembers", By: contoso.Admin, Input: in{"tenantId": contoso.ID, "members": []in{change}}})
	}
	return append(list,
		testworld.Call{Mutation: "changeRole", By: contoso.Admin, Input: in{"memberId": clerk, "administrator": true}},
		testworld.Call{Mutation: "changeRole", By: contoso.Admin, Input: in{"memberId": clerk, "roleKey": "READ_ONLY"}},
		testworld.Call{Mutation: "setMemberStatus", By: contoso.Admin, Input: in{"tenantId": contoso.ID, "ids": []string{clerk}, "status": "SUSPENDED"}},
		testworld.Call{Mutation: "setMemberStatus", By: contoso.Admin, Input: in{"tenantId": contoso.ID, "ids": []string{clerk}, "status": "ACTIVE"}})
}

// answersWhatIsThere makes a call, and reads again all that it answered of rows.
func (s scene) answersWhatIsThere(sdl *ast.Schema, c testworld.Call) {
	s.Helper()
	var fields []string
	for _, f := range ownFields(sdl.Types[sdl.Mutation.Fields.ForName(c.Mutation).Type.Name()]) {
		if isNode(sdl.Types[f.Type.Name()]) {
			fields = append(fields, f.Name+" { __typename "+shown(sdl, sdl.Types[f.Type.Name()])+" }")
		}
	}
	if fields == nil {
		return
	}
	a := c.By.Do(c.Document(strings.Join(fields, " ")), vars{"in": c.Input}) // what of the row somebody else may see is an error
	s.is(c.Mutation, a.UserErrors(c.Mutation), []string(nil))
	payload, _ := a.At(c.Mutation).(map[string]any)
	for name, value := range payload {
		rows, many := value.([]any)
		if !many {
			rows = []any{value}
		}
		for _, row := range rows {
			answered, ok := row.(map[string]any)
			if kind, _ := answered["__typename"].(string); ok && isNode(sdl.Types[kind]) {
				again := c.By.Do(`query($id: ID!) { node(id: $id) { __typename ... on `+kind+` { `+shown(sdl, sdl.Types[kind])+` } } }`, vars{"id": answered["id"]})
				s.is(c.Mutation+"."+name, any(answered), again.At("node"))
			}
		}
	}
}

func isNode(d *ast.Definition) bool { return d != nil && slices.Contains(d.Interfaces, "Node") }

// shown selects everything of a row that takes no arguments: of other rows the ids, of what else hangs below it the leaves.
func shown(sdl *ast.Schema, d *ast.Definition) string {
	var parts []string
	for _, f := range ownFields(d) {
		of := sdl.Types[f.Type.Name()]
		switch {
		case len(f.Arguments) > 0:
		case of.IsLeafType():
			parts = append(parts, f.Name)
		case isNode(of):
			parts = append(parts, f.Name+" { id }")
		case of.Kind == ast.Object:
			parts = append(parts, f.Name+" { "+shown(sdl, of)+" }")
		}
	}
	return strings.Join(parts, " ")
}
