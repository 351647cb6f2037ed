package graph_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// forPrograms are the mutations that an API token carries out, where its scopes let it. All others take one's own session.
var forPrograms = []string{"activateService", "addMembers", "approveAccessRequests", "changeRole", "createRole", "deleteRole", "rejectAccessRequests",
	"removeMembers", "sendPasswordLinks", "setMemberStatus", "syncInventory", "updateMembers", "updateRole", "updateTenant"}

// TestT06NoTokenDoesWhatTakesAPerson: whatever its scopes are, and whoever its owner is.
func TestT06NoTokenDoesWhatTakesAPerson(t *testing.T) {
	eachScene(t, func(s scene) {
		root, acme, contoso := s.Operator(), s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		named := map[string]string{"extendRelationship": `{id: "x", endsAt: "2026-12-01T00:00:00Z"}`, "setAssignedCustomers": `{partnerId: "x", assign: ["x"]}`,
			"rotateInviteLink": `{partnerId: "` + acme.Partner.ID + `"}`}
		invitation := s.asks(s.NewPartner("Globex").Admin, "inviteCustomer", in{"email": contoso.Admin.Email}).OK().String("inviteCustomer.invitation.id")
		for who, p := range map[string]*testworld.Person{"root": root.Admin, "acme": acme.Admin, "contoso": contoso.Admin} {
			program := s.makes(p, in{"scopes": s.everyLevel()})
			before := s.rows()
			for _, f := range api().Mutation.Fields {
				may := slices.Contains(forPrograms, f.Name)
				if f.Directives.ForName("public") != nil || f.Name == "rotateInviteLink" && who != "acme" { // only who sees the partner is forbidden
					continue
				}
				call := f.Name
				if input, known := named[f.Name]; known {
					call += "(input: " + input + ")"
				} else if len(f.Arguments) > 0 {
					call += "(input: " + least(f.Arguments[0].Type) + ")"
				}
				a := program.Do("mutation { "+call+" { userErrors { code } } }", nil)
				if forbidden := slices.Contains(a.Errors(), "FORBIDDEN at "+f.Name); forbidden == may {
					s.Errorf("%s's token, %s: %s", who, f.Name, a.Body)
				}
			}
			for _, answer := range []string{"acceptInvitation", "declineInvitation"} {
				s.forbidden(program, answer, in{"id": invitation})
			}
			s.unchanged(before, who+"'s token")
		}
	})
}

// unusual are inputs that are looked at before who sends them.
var unusual = map[string]string{"table": `"members"`, "columns": `["name"]`, "adminEmail": `"x@example.com"`, "type": "INSTALLER"}

// least writes the least that an input takes.
func least(t *ast.Type) string {
	if t.Elem != nil {
		return "[" + least(t.Elem) + "]"
	}
	d := api().Types[t.NamedType]
	switch d.Kind {
	case ast.InputObject:
		var fields []string
		for _, f := range d.Fields {
			value, known := unusual[f.Name]
			if !f.Type.NonNull {
				continue
			}
			if !known {
				value = least(f.Type)
			}
			fields = append(fields, f.Name+": "+value)
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case ast.Enum:
		return d.EnumValues[0].Name
	}
	return cmp.Or(map[string]string{"Int": "1", "Boolean": "true", "DateTime": `"2026-12-01T00:00:00Z"`}[d.Name], `"x"`)
}

// TestT06NobodyGrantsThroughATokenWhatItDoesNotHold: neither to others, nor to its owner.
func TestT06NobodyGrantsThroughATokenWhatItDoesNotHold(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		guest := func(more in) in {
			m := in{"userId": "x", "label": "x", "firstName": "X", "lastName": "Y", "email": "x@example.com", "phone": "+12025550123"}
			for k, v := range more {
				m[k] = v
			}
			return in{"tenantId": contoso.ID, "members": []in{m}}
		}
		all := func(level string) (list []in) {
			for _, key := range s.Catalogue() {
				list = append(list, levels(key, level)...)
			}
			return list
		}
		clerk := s.Staff(contoso, "clerk", testworld.Role("READ_ONLY"))
		low := s.Staff(contoso, "low", testworld.Nothing)
		program := s.makes(contoso.Admin, in{"scopes": levels("USERS", "MANAGE", "ROLES", "MANAGE", "tickets", "VIEW")})
		s.then("levels", func(s scene) {
			s.refused(program, "addMembers", guest(in{"permissions": all("VIEW")}), "ROLE_EXCEEDS_GRANT at input.members.0.permissions")
			s.refused(program, "addMembers", guest(in{"permissions": append(all("NONE"), levels("TOKENS", "MANAGE")...)}), "ROLE_EXCEEDS_GRANT at input.members.0.permissions")
			s.refused(program, "addMembers", guest(in{"roleKey": "READ_ONLY"}), "ROLE_EXCEEDS_GRANT at input.members.0.roleKey")
			s.refused(program, "addMembers", guest(in{"administrator": true}), "ROLE_EXCEEDS_GRANT at input.members.0.administrator")
			s.refused(program, "createRole", in{"tenantId": contoso.ID, "name": "More", "permissions": levels("AUDIT", "VIEW")}, "ROLE_EXCEEDS_GRANT at input.permissions")
		})
		s.then("people who hold more are not touched", func(s scene) {
			s.refused(program, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "roleKey": "GUEST_MANAGER"}, "ROLE_EXCEEDS_GRANT at input.memberId")
			s.refused(program, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{clerk.Member(contoso.Tenant).ID}}, "ROLE_EXCEEDS_GRANT at input.ids.0")
			s.refused(program, "setMemberStatus", in{"tenantId": contoso.ID, "ids": []string{contoso.Admin.Member(contoso.Tenant).ID}, "status": "SUSPENDED"}, "ROLE_EXCEEDS_GRANT at input.ids.0")
		})
		s.then("what it holds it gives, within the scopes", func(s scene) {
			s.does(program, "createRole", in{"tenantId": contoso.ID, "name": "Helpers", "permissions": levels("tickets", "VIEW", "USERS", "MANAGE")})
			s.does(program, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": low.Member(contoso.Tenant).ID, "permissions": append(all("NONE"), levels("USERS", "VIEW")...)}}})
		})
		s.then("with every level it makes no administrator, and gives no role over what is added later", func(s scene) {
			whole := s.makes(contoso.Admin, in{"scopes": s.everyLevel()})
			s.refused(whole, "changeRole", in{"memberId": low.Member(contoso.Tenant).ID, "administrator": true}, "ROLE_EXCEEDS_GRANT at input.administrator")
			s.refused(whole, "addMembers", guest(in{"roleKey": "PRIME_ADMIN"}), "ROLE_EXCEEDS_GRANT at input.members.0.roleKey")
		})
		s.then("the trail names the person", func(s scene) {
			s.sees(s.read("SELECT DISTINCT actor_id, actor_name FROM audit_events WHERE action IN ('role.created','member.updated')"), contoso.Admin.ID+" | Contoso Smith")
		})
	})
}

// TestT06APartnerOfRecordMakesNoAdministratorThroughAToken: in person they do.
func TestT06APartnerOfRecordMakesNoAdministratorThroughAToken(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Connect(acme, contoso, "PRIME_ADMIN", "PARTNER_OF_RECORD")
		clerk := in{"memberId": s.Staff(contoso, "clerk", testworld.Nothing).Member(contoso.Tenant).ID, "administrator": true}
		s.refused(s.makes(acme.Admin, in{"scopes": s.everyLevel()}), "changeRole", clerk, "ROLE_EXCEEDS_GRANT at input.administrator")
		s.does(acme.Admin, "changeRole", clerk)
	})
}

// TestT06NoTokenRaisesARoleThatPassesAccessOn: where a role is a group's, raising it is assigning; where it is a ceiling, consent.
func TestT06NoTokenRaisesARoleThatPassesAccessOn(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		shift := s.CustomRole(acme.Tenant, "Shift", map[feature]accessLevel{"TENANT": view})
		ceiling := s.CustomRole(contoso.Tenant, "Ceiling", map[feature]accessLevel{"TENANT": view})
		s.must(s.Write.Relationship.UpdateOne(s.Manages(acme, contoso)).SetRoleID(ceiling.ID).Exec(s.System()))
		s.does(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Shift", "scope": "ALL_CUSTOMERS", "roleId": shift.ID, "memberIds": []string{}})
		for p, id := range map[*testworld.Person]string{acme.Admin: shift.ID, contoso.Admin: ceiling.ID} {
			raised := in{"id": id, "permissions": levels("TENANT", "MANAGE")}
			program := s.makes(p, in{"scopes": s.everyLevel()})
			s.refused(program, "updateRole", raised, "ROLE_EXCEEDS_GRANT at input.permissions")
			s.does(program, "updateRole", in{"id": id, "name": "Renamed"})
			s.does(p, "updateRole", raised)
		}
	})
}

// TestT06ScopesAreTheMost: a token made with more than its owner has goes with the owner, up to its scopes.
func TestT06ScopesAreTheMost(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		role := s.CustomRole(contoso.Tenant, "Clerk", map[feature]accessLevel{"TOKENS": manage, "TENANT": view})
		clerk := s.Staff(contoso, "clerk", testworld.Custom(role))
		program := s.makes(clerk, in{"scopes": levels("TENANT", "MANAGE", "USERS", "VIEW")})
		has := func(want ...string) {
			s.Helper()
			s.sees([]string{level(s, program, contoso.ID, "TENANT"), level(s, program, contoso.ID, "USERS"), level(s, program, contoso.ID, "AUDIT")}, want...)
		}
		has("VIEW", "NONE", "NONE")
		s.does(contoso.Admin, "updateRole", in{"id": role.ID, "permissions": levels("TENANT", "MANAGE", "USERS", "MANAGE", "AUDIT", "VIEW")})
		has("MANAGE", "VIEW", "NONE")
		s.does(program, "updateTenant", in{"id": contoso.ID, "email": "x@example.com"})
		s.does(contoso.Admin, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "administrator": true})
		has("MANAGE", "VIEW", "NONE")
		s.is("administrator", program.Do("query($id: ID!) { tenant(id: $id) { accessList(first: 1) { totalCount } } }", vars{"id": contoso.ID}).Errors(), []string{"FORBIDDEN at tenant.accessList"})
		s.does(contoso.Admin, "changeRole", in{"memberId": clerk.Member(contoso.Tenant).ID, "roleKey": "GUEST_MANAGER"})
		has("VIEW", "NONE", "NONE")
	})
}

// TestT06ATokenAsksAboutItsOwnerAsAboutOthers: what they reach by other memberships is not the token's affair.
func TestT06ATokenAsksAboutItsOwnerAsAboutOthers(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		acme.Admin.Join(contoso.Tenant, testworld.Administrator)
		asked := `query($u: ID!, $t: ID!) { checkAccess(input: {userId: $u, tenantId: $t, feature: "TENANT", level: VIEW}) { allowed paths { via } } }`
		v := vars{"u": acme.Admin.ID, "t": contoso.ID}
		s.is("in person", len(acme.Admin.Do(asked, v).OK().List("checkAccess.paths")), 2)
		s.is("by a token", s.makes(acme.Admin, in{"tenantId": acme.ID}).Do(asked, v).OK().At("checkAccess"), map[string]any{"allowed": false, "paths": []any{}})
		s.is("by a token with AUDIT", len(s.makes(acme.Admin, in{"tenantId": acme.ID, "scopes": levels("AUDIT", "VIEW")}).Do(asked, v).OK().List("checkAccess.paths")), 2)
	})
}

// TestT07NothingIsKept: what a token, a session or a cursor gave is gone at the next request, on every server.
func TestT07NothingIsKept(t *testing.T) {
	t.Parallel()
	type stage struct {
		scene
		root, acme, contoso *testworld.Company
		staff               *testworld.Person
		token               string // id of the token
	}
	member := func(x *stage) string { return x.staff.Member(x.acme.Tenant).ID }
	for _, c := range []struct {
		what  string
		take  func(x *stage)
		token string // what the program gets from then on
		again func(x *stage)
	}{
		{what: "the membership is removed", token: "signed out", take: func(x *stage) {
			x.does(x.acme.Admin, "removeMembers", in{"tenantId": x.acme.ID, "ids": []string{member(x)}})
			x.sees(x.read("SELECT COUNT(*) FROM api_tokens WHERE revoked_at IS NULL"), "0")
		}},
		{what: "the membership is given up", token: "signed out", take: func(x *stage) { x.does(x.staff, "leaveTenant", in{"tenantId": x.acme.ID}) }},
		{what: "the membership is suspended", token: "signed out", take: func(x *stage) {
			x.does(x.acme.Admin, "setMemberStatus", in{"tenantId": x.acme.ID, "ids": []string{member(x)}, "status": "SUSPENDED"})
		}, again: func(x *stage) {
			x.does(x.acme.Admin, "setMemberStatus", in{"tenantId": x.acme.ID, "ids": []string{member(x)}, "status": "ACTIVE"})
		}},
		{what: "its tenant is suspended", token: "signed out", take: func(x *stage) { x.does(x.root.Admin, "suspendTenant", in{"id": x.acme.ID}) },
			again: func(x *stage) { x.does(x.root.Admin, "reactivateTenant", in{"id": x.acme.ID}) }},
		{what: "its tenant is deleted", token: "signed out", take: func(x *stage) { x.does(x.acme.Admin, "deleteTenant", in{"id": x.acme.ID}) }},
		{what: "the customer is suspended", token: "nothing", take: func(x *stage) { x.does(x.root.Admin, "suspendTenant", in{"id": x.contoso.ID}) },
			again: func(x *stage) { x.does(x.root.Admin, "reactivateTenant", in{"id": x.contoso.ID}) }},
		{what: "the relationship ends", token: "nothing", take: func(x *stage) {
			id := x.contoso.Admin.Do("query($id: ID!) { tenant(id: $id) { relationship { id } } }", vars{"id": x.contoso.ID}).OK().String("tenant.relationship.id")
			x.does(x.contoso.Admin, "terminateRelationship", in{"id": id})
		}},
		{what: "the assignment is lowered", token: "blind", take: func(x *stage) {
			x.does(x.acme.Admin, "assign", in{"granteeId": member(x), "tenantId": x.contoso.ID, "roleKey": "PHONE_MANAGER"})
		}},
		{what: "the token is revoked", token: "signed out", take: func(x *stage) { x.does(x.staff, "revokeApiToken", in{"id": x.token}) }},
		{what: "the token is over", token: "signed out", take: func(x *stage) { x.Later(24 * time.Hour) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, url string) {
				w := testworld.New(t, url)
				x := &stage{scene: scene{t, w}}
				x.root, x.acme, x.contoso = w.Operator(), w.NewPartner("Acme"), w.Customer("Contoso")
				x.connected(x.acme, x.contoso, "PRIME_ADMIN")
				x.staff = w.Staff(x.acme, "staff", testworld.Role("ADMINISTRATOR"))
				w.Assign(x.acme, x.contoso, x.staff, "ADMINISTRATOR")
				w.Staff(x.contoso, "clerk", testworld.Nothing)
				made := x.makesToken(x.staff, in{"scopes": levels("USERS", "VIEW"), "expiresInDays": 1})
				x.token = made.String("createApiToken.apiToken.id")
				program, other := x.Bearer(made.String("createApiToken.token")), w.Another(url)
				cursor := ""
				page := func(p *testworld.Person) string {
					a := p.Do(`query($id: ID!, $c: String) { tenant(id: $id) { members(first: 1, after: $c) { nodes { name } pageInfo { endCursor } } } }`,
						vars{"id": x.contoso.ID, "c": some(cursor)})
					switch {
					case a.Status == 401:
						return "signed out"
					case slices.Contains(a.Errors(), "FORBIDDEN at tenant.members"):
						return "blind"
					case a.At("tenant") == nil:
						return "nothing"
					}
					cursor = a.String("tenant.members.pageInfo.endCursor")
					return strings.Join(a.OK().Column("tenant.members.nodes", "name"), ", ")
				}
				x.is("before", page(program), "Clerk Smith")
				c.take(x)
				x.is("the cursor, on the other server", page(program.At(other)), c.token)
				x.is("the cursor, on the same server", page(program), c.token)
				if c.again != nil {
					c.again(x)
					x.is("again", page(program.At(other)), "Contoso Smith")
				}
			})
		})
	}
}

// some is nil for "".
func some(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// TestT07WhoIsGoneMakesNoTokens: neither by a session that was there before, nor after having come back by an old token.
func TestT07WhoIsGoneMakesNoTokens(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		clerk := s.Staff(contoso, "clerk", testworld.Role("ADMINISTRATOR"))
		program := s.makes(clerk, nil)
		id := clerk.Member(contoso.Tenant).ID
		s.does(contoso.Admin, "changeRole", in{"memberId": id, "roleKey": "READ_ONLY"})
		s.forbidden(clerk, "createApiToken", in{"name": "x", "scopes": levels("TENANT", "VIEW")})
		s.does(contoso.Admin, "removeMembers", in{"tenantId": contoso.ID, "ids": []string{id}})
		s.refused(clerk, "createApiToken", in{"tenantId": contoso.ID, "name": "x", "scopes": levels("TENANT", "VIEW")}, "NOT_FOUND at input.tenantId")
		clerk.Join(contoso.Tenant, testworld.Administrator)
		s.is("the old token", program.Do(me, nil).Status, 401)
	})
}

// TestT14ATokenIsItselfOrNothing: nothing that is almost an API token works, or is looked for.
func TestT14ATokenIsItselfOrNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		token := s.makesToken(acme.Admin, nil).String("createApiToken.token")
		s.is("the token", s.Bearer(token).Do(me, nil).Status, 200)
		hash := s.read("SELECT token_hash FROM api_tokens")[0]
		tries := map[string]string{
			"cut": token[:len(token)-1], "longer": token + "0", "without its beginning": token[4:], "with another beginning": "mnc_" + token[4:],
			"with a blank inside": token[:20] + " " + token[21:], "with a NUL": token[:len(token)-1] + "\x00", "its prefix": token[:12], "its hash": hash, "twice": token + token,
			"in upper case": strings.ToUpper(token), "in lower case": strings.ToLower(token), "with wide digits": strings.Replace(token, token[10:11], "\uff11", 1), "two words": token + " " + token,
		}
		for i := range token {
			other := []byte(token)
			if other[i]++; other[i] == token[i] || other[i] > 'z' {
				other[i] = '0'
			}
			tries[fmt.Sprint("with another character at ", i)] = string(other)
		}
		for what, try := range tries {
			if got := s.Bearer(try).Do(me, nil).Status; got != 401 && try != token {
				s.Errorf("%s: %d", what, got)
			}
		}
	})
}
