package oracle_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/testworld"
)

// doer does by chance what mails follow.
type doer struct {
	*rand.Rand
	schema  *ast.Schema
	w       *world
	people  []who
	oracles map[who]*oracle
	tokens  map[string][]string // from mails, by their kinds
}

func (a *doer) chance(percent int) bool { return a.IntN(100) < percent }

// turn begins a turn in the world as it is now.
func (a *doer) turn(w *world) {
	a.w, a.people, a.oracles = w, w.principals(), make(map[who]*oracle)
}

// anybody is somebody in any session, or nobody.
func (a *doer) anybody() who { return pick(a.Rand, a.people...) }

// managers are those who have MANAGE on a feature in a tenant, in sessions of their own; on PARTNERS, which nobody passes on, by
// a membership there.
func (a *doer) managers(tenantID, feature string) []who {
	return slices.DeleteFunc(slices.Clone(a.people), func(v who) bool {
		return v.entered != "" || !slices.ContainsFunc(a.seen(v).ways[tenantID], func(p path) bool { return p.levels[feature] == 2 && (feature != "PARTNERS" || p.via == "OWN") })
	})
}

// managed reports whether a tenant has managers of its partners.
func (a *doer) managed(tenantID any) bool {
	id, _ := tenantID.(string)
	return len(a.managers(id, "PARTNERS")) > 0
}

// manages picks one of the managers; now and then, or if there are none, anybody.
func (a *doer) manages(tenantID, feature string) who {
	if list := a.managers(tenantID, feature); len(list) > 0 && !a.chance(15) {
		return pick(a.Rand, list...)
	}
	return a.anybody()
}

// seen is what somebody sees in this turn.
func (a *doer) seen(v who) *oracle {
	if a.oracles[v] == nil {
		a.oracles[v] = newOracle(a.w, v)
	}
	return a.oracles[v]
}

// row picks a row of a table that fits, or if none does any; nil where there is none.
func (a *doer) row(table string, fits func(row) bool) row {
	rows := a.w.find(table, fits)
	if len(rows) == 0 || a.chance(5) {
		rows = a.w.tables[table]
	}
	if len(rows) == 0 {
		return nil
	}
	return pick(a.Rand, rows...)
}

// address is somebody's, or one that nobody has.
func (a *doer) address() string {
	if a.chance(60) {
		return pick(a.Rand, a.w.tables["users"]...).s("email_canonical")
	}
	return a.w.address()
}

// own picks somebody in a session of their own.
func (a *doer) own() who {
	return pick(a.Rand, slices.DeleteFunc(slices.Clone(a.people), func(v who) bool { return v.user == "" || v.entered != "" })...)
}

// token is the last one that was mailed of some kinds and not used yet.
func (a *doer) token(kinds ...string) string {
	for _, kind := range kinds {
		if n := len(a.tokens[kind]); n > 0 {
			token := a.tokens[kind][n-1]
			a.tokens[kind] = a.tokens[kind][:n-1]
			return token
		}
	}
	return "none"
}

func (a *doer) systemRole() enum {
	return enum(pick(a.Rand, "PRIME_ADMIN", "ADMINISTRATOR", "READ_ONLY", "READ_ONLY", "PHONE_MANAGER"))
}

// newcomer names a first administrator.
func (a *doer) newcomer(in map[string]any) map[string]any {
	in["name"], in["adminEmail"], in["adminFirstName"], in["adminLastName"] = "C"+a.w.word()[1:], a.address(), a.w.word(), a.w.word()
	return in
}

// pending reports whether an invitation or a request waits for an answer.
func (a *doer) pending(x row) bool { return a.w.lapsed(x) == "PENDING" }

// sendable reports whether somebody could send an invitation again.
func (a *doer) sendable(x row) bool {
	sender, _ := sides(x)
	return a.pending(x) && a.managed(sender) && x["send_count"].(int) < 5
}

// answerable reports whether somebody could answer an invitation.
func (a *doer) answerable(x row) bool {
	_, asked := sides(x)
	return a.pending(x) && (a.managed(asked) || a.invited(x).user != "")
}

// decision picks a request, and somebody who may decide about it, if there is one.
func (a *doer) decision() (who, string) {
	deciders := func(x row) []who {
		return slices.DeleteFunc(a.managers(x.s("tenant_id"), "USERS"), func(v who) bool { return v.user == a.w.byID[x.s("member_id")].s("user_id") })
	}
	x := a.row("access_requests", func(x row) bool { return a.pending(x) && len(deciders(x)) > 0 })
	if list := deciders(x); len(list) > 0 && !a.chance(15) {
		return pick(a.Rand, list...), x.s("id")
	}
	return a.anybody(), x.s("id")
}

// open reports whether a relationship could be changed by somebody.
func (a *doer) open(r row) bool {
	return r["active_customer_id"] != nil && !a.w.over(r) && (a.managed(r["partner_id"]) || a.managed(r["customer_id"]))
}

// side picks one of the two tenants of a pair, one that is managed if there is one.
func (a *doer) side(x row) string {
	if !a.managed(x["customer_id"]) || a.managed(x["partner_id"]) && a.chance(50) {
		return x.s("partner_id")
	}
	return x.s("customer_id")
}

// sides of an invitation: who sent it, and who was asked.
func sides(x row) (sender, asked string) {
	if x.s("direction") == "PARTNER_TO_CUSTOMER" {
		return x.s("partner_id"), x.s("customer_id")
	}
	return x.s("customer_id"), x.s("partner_id")
}

// deeds are the mutations that mails follow, and some that change what others read: each picks somebody to do it, and makes an input.
var deeds = map[string]func(a *doer) (who, map[string]any){
	"inviteCustomer": func(a *doer) (who, map[string]any) {
		p := a.row("partners", func(p row) bool {
			return p.b("recognized") && p.s("type") != "INTEGRATOR" && p.s("type") != "INSTALLER"
		})
		in := map[string]any{"partnerId": p["id"], "email": a.address(), "message": a.w.word(), "roleKey": a.systemRole()}
		return a.manages(p.s("tenant_id"), "PARTNERS"), in
	},
	"invitePartner": func(a *doer) (who, map[string]any) {
		c := a.row("tenants", func(t row) bool {
			return t.s("kind") == "CUSTOMER" && a.managed(t["id"]) && len(a.w.find("relationships", func(r row) bool { return r["active_customer_id"] == t["id"] })) == 0
		})
		p := a.row("partners", func(p row) bool {
			return p.b("recognized") && p.s("type") != "INTEGRATOR" && p.s("type") != "INSTALLER"
		})
		in := map[string]any{"tenantId": c["id"], "code": p["code"], "message": a.w.word(), "roleKey": a.systemRole()}
		if roles := a.w.find("roles", func(x row) bool { return x["tenant_id"] == c["id"] }); len(roles) > 0 && a.chance(50) {
			delete(in, "roleKey")
			in["roleId"] = pick(a.Rand, roles...)["id"]
		}
		return a.manages(c.s("id"), "PARTNERS"), in
	},
	"resendInvitation": func(a *doer) (who, map[string]any) {
		x := a.row("invitations", a.sendable)
		sender, _ := sides(x)
		return a.manages(sender, "PARTNERS"), map[string]any{"id": x["id"]}
	},
	"revokeInvitation": func(a *doer) (who, map[string]any) {
		x := a.row("invitations", a.sendable)
		sender, _ := sides(x)
		return a.manages(sender, "PARTNERS"), map[string]any{"id": x["id"]}
	},
	"acceptInvitation": func(a *doer) (who, map[string]any) {
		x := a.row("invitations", a.answerable)
		_, asked := sides(x)
		in := map[string]any{"id": x["id"], "replaceCurrent": a.chance(70)}
		switch by := a.invited(x); {
		case by.user != "":
			if a.chance(50) {
				in["newAccount"] = map[string]any{"tenantName": "C" + a.w.word()[1:]}
			} else {
				in["tenantId"] = a.row("tenants", func(t row) bool {
					return t.s("kind") == "CUSTOMER" && slices.Contains(a.managers(t.s("id"), "PARTNERS"), by)
				})["id"]
			}
			return by, in
		case asked != "" && x.s("direction") == "PARTNER_TO_CUSTOMER":
			in["tenantId"] = asked
		}
		return a.manages(asked, "PARTNERS"), in
	},
	"declineInvitation": func(a *doer) (who, map[string]any) {
		reason := a.w.word()
		if a.chance(20) {
			return who{}, map[string]any{"token": a.token("invitation"), "reason": reason}
		}
		x := a.row("invitations", a.answerable)
		_, asked := sides(x)
		if by := a.invited(x); by.user != "" {
			return by, map[string]any{"id": x["id"], "reason": reason}
		}
		return a.manages(asked, "PARTNERS"), map[string]any{"id": x["id"], "reason": reason}
	},
	"terminateRelationship": func(a *doer) (who, map[string]any) {
		r := a.row("relationships", a.open)
		return a.manages(a.side(r), "PARTNERS"), map[string]any{"id": r["id"], "reason": a.w.word(), "dryRun": a.chance(20)}
	},
	"narrowRelationship": func(a *doer) (who, map[string]any) {
		r := a.row("relationships", a.open)
		return a.manages(a.side(r), "PARTNERS"), map[string]any{"id": r["id"], "roleKey": enum("READ_ONLY")}
	},
	"widenRelationship": func(a *doer) (who, map[string]any) {
		r := a.row("relationships", a.open)
		by := a.manages(pick(a.Rand, r.s("partner_id"), r.s("partner_id"), r.s("customer_id")), "PARTNERS")
		return by, map[string]any{"id": r["id"], "roleKey": enum("PRIME_ADMIN"), "message": a.w.word()}
	},
	"extendRelationship": func(a *doer) (who, map[string]any) {
		r := a.row("relationships", func(r row) bool { return a.open(r) && r["ends_at"] != nil })
		in := map[string]any{"id": r["id"], "endsAt": a.w.now.Add(time.Duration(10+a.IntN(700)) * 24 * time.Hour)}
		return a.manages(a.side(r), "PARTNERS"), in
	},
	"addMembers": func(a *doer) (who, map[string]any) {
		t := a.row("tenants", func(t row) bool { return len(a.managers(t.s("id"), "ROLES")) > 0 })
		m := map[string]any{"userId": a.w.word(), "label": a.w.word(), "firstName": a.w.word(), "lastName": a.w.word(), "email": a.address(),
			"phone": "+43 1 2345678", "roleKey": enum("PHONE_MANAGER")}
		return a.manages(t.s("id"), "ROLES"), map[string]any{"tenantId": t["id"], "members": []any{m}, "dryRun": a.chance(10)}
	},
	"sendPasswordLinks": func(a *doer) (who, map[string]any) {
		m := a.row("members", func(m row) bool { return m.s("status") == "ACTIVE" && len(a.managers(m.s("tenant_id"), "USERS")) > 0 })
		return a.manages(m.s("tenant_id"), "USERS"), map[string]any{"tenantId": m["tenant_id"], "ids": []any{m["id"]}}
	},
	"approveAccessRequests": func(a *doer) (who, map[string]any) {
		by, id := a.decision()
		return by, map[string]any{"ids": []any{id}}
	},
	"rejectAccessRequests": func(a *doer) (who, map[string]any) {
		by, id := a.decision()
		return by, map[string]any{"ids": []any{id}, "reason": a.w.word()}
	},
	"createCustomer": func(a *doer) (who, map[string]any) {
		if a.chance(30) {
			return a.manages(a.w.tenants("OPERATOR")[0].s("id"), "PARTNERS"), a.newcomer(map[string]any{})
		}
		p := a.row("partners", func(p row) bool { return p.b("recognized") && a.managed(p["tenant_id"]) })
		return a.manages(p.s("tenant_id"), "PARTNERS"), a.newcomer(map[string]any{"partnerId": p["id"]})
	},
	"createTechPartner": func(a *doer) (who, map[string]any) {
		p := a.row("partners", func(p row) bool { return p.s("type") == "MSP" && a.managed(p["tenant_id"]) })
		return a.manages(p.s("tenant_id"), "PARTNERS"), a.newcomer(map[string]any{"managerId": p["id"], "type": enum(pick(a.Rand, "INTEGRATOR", "INSTALLER"))})
	},
	"registerPartner": func(a *doer) (who, map[string]any) {
		return a.manages(a.w.tenants("OPERATOR")[0].s("id"), "PARTNERS"), a.newcomer(map[string]any{"type": enum("MSP")})
	},
	"suspendTenant": func(a *doer) (who, map[string]any) {
		t := a.row("tenants", func(t row) bool { return t.s("kind") != "OPERATOR" && t.s("status") == "ACTIVE" })
		return a.manages(t.s("id"), "TENANT"), map[string]any{"id": t["id"], "reason": a.w.word()}
	},
	"reactivateTenant": func(a *doer) (who, map[string]any) {
		t := a.row("tenants", func(t row) bool { return t.s("status") == "SUSPENDED" })
		return a.manages(t.s("id"), "TENANT"), map[string]any{"id": t["id"]}
	},
	"deleteTenant": func(a *doer) (who, map[string]any) {
		t := a.row("tenants", func(t row) bool { return t.s("kind") == "CUSTOMER" && t.s("status") != "DELETED" })
		return a.manages(t.s("id"), "TENANT"), map[string]any{"id": t["id"], "reason": a.w.word()}
	},
	"signUp": func(a *doer) (who, map[string]any) {
		t := a.row("tenants", func(t row) bool {
			return t.s("status") == "ACTIVE" && t["sign_up_code"] != nil && t.s("sign_up_policy") != "CLOSED"
		})
		in := map[string]any{"tenantCode": t.s("sign_up_code"), "firstName": a.w.word(), "lastName": a.w.word(), "email": a.w.address(), "phone": "+43 1 2345678"}
		if members := a.w.find("members", func(m row) bool {
			return m["tenant_id"] == t["id"] && (m.s("status") == "ACTIVE" || m.s("status") == "SUSPENDED")
		}); len(members) > 0 && a.chance(40) {
			in["email"] = a.w.byID[pick(a.Rand, members...).s("user_id")]["email_canonical"]
		}
		return a.anybody(), in
	},
	"verifyEmail": func(a *doer) (who, map[string]any) {
		return who{}, map[string]any{"token": a.token("email.verify", "signup.verify"), "newPassword": testworld.Password}
	},
	"requestPasswordReset": func(a *doer) (who, map[string]any) {
		return a.anybody(), map[string]any{"email": a.address()}
	},
	"resetPassword": func(a *doer) (who, map[string]any) {
		return who{}, map[string]any{"token": a.token("password.reset", "password.link"), "newPassword": testworld.Password}
	},
	"createApiToken": func(a *doer) (who, map[string]any) {
		t := a.row("tenants", func(t row) bool { return len(a.managers(t.s("id"), "TOKENS")) > 0 })
		in := map[string]any{"tenantId": t["id"], "name": a.w.word(), "scopes": []any{map[string]any{"feature": "TENANT", "level": enum("VIEW")}}}
		return a.manages(t.s("id"), "TOKENS"), in
	},
	"changeEmail": func(a *doer) (who, map[string]any) {
		return a.own(), map[string]any{"newEmail": pick(a.Rand, pick(a.Rand, a.w.tables["users"]...).s("email_canonical"), a.w.address()), "currentPassword": testworld.Password}
	},
}

// invited is whoever an invitation was mailed to, in a session of their own.
func (a *doer) invited(x row) who {
	for _, v := range a.people {
		if v.entered == "" && v.email != "" && v.email == x.s("email_canonical") {
			return v
		}
	}
	return who{}
}

// mailed matches the token in a link.
var mailed = regexp.MustCompile(`token=([A-Za-z0-9_-]+)`)

// reads keeps the token that a mail brings.
func (a *doer) reads(m message) {
	if token := mailed.FindStringSubmatch(m.text); token != nil {
		a.tokens[m.kind] = append(a.tokens[m.kind], token[1])
	}
}

// mutation is the one that does a deed. Of what it answers it selects all texts.
func (a *doer) mutation(name string, by who, in map[string]any) string {
	f := a.schema.Mutation.Fields.ForName(name)
	var kids []*selection
	for _, k := range a.schema.Types[f.Type.Name()].Fields {
		below := a.schema.Types[k.Type.Name()]
		switch {
		case k.Name == "userErrors":
			kids = append(kids, &selection{name: k.Name, kids: []*selection{{name: "code"}, {name: "message"}, {name: "field"}}})
		case by.user != "" && below.Fields.ForName("id") != nil && len(k.Arguments) == 0:
			kids = append(kids, &selection{name: k.Name, kids: append(textsOf(a.schema, below), &selection{name: "id"})})
		}
	}
	return "mutation{" + (&selection{name: name, args: map[string]any{"input": in}, kids: kids}).String() + "}"
}

// turns are the deeds of one world, in some order; what a mail is needed for comes last. Few take their time whatever they come to.
func (a *doer) turns() []string {
	list := strings.Fields(strings.Repeat("inviteCustomer invitePartner resendInvitation acceptInvitation declineInvitation terminateRelationship "+
		"widenRelationship extendRelationship addMembers sendPasswordLinks approveAccessRequests rejectAccessRequests createCustomer ", 3) +
		"revokeInvitation narrowRelationship createTechPartner registerPartner suspendTenant reactivateTenant deleteTenant createApiToken changeEmail " +
		pick(a.Rand, "signUp", "requestPasswordReset"))
	a.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return append(list, "signUp", "verifyEmail", "verifyEmail", "resetPassword", "resetPassword", "acceptInvitation", "approveAccessRequests")
}
