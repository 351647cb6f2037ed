package oracle_test

import (
	"encoding/json"
	"time"

	"mandate/internal/access"
	"mandate/internal/viewer"
)

// addTokens gives people API tokens that rest on memberships of theirs.
func (w *world) addTokens() {
	for _, m := range w.tables["members"] {
		if !w.chance(30) {
			continue
		}
		named := make(map[string]int)
		for range 1 + w.r.IntN(2*len(features)) {
			named[pick(w.r, features...)] = 1 + w.r.IntN(2)
		}
		scopes, err := json.Marshal(named)
		if err != nil {
			panic(err)
		}
		k := w.add("tok", row{"tenant_id": m["tenant_id"], "member_id": m["id"], "user_id": m["user_id"], "name": w.word(), "prefix": w.word(), "token_hash": w.word(),
			"scopes": string(scopes), "all_tenants": w.chance(50), "expires_at": w.moment(time.Hour)})
		if w.chance(30) {
			k["revoked_at"] = w.moment(-time.Hour)
		}
		if w.chance(50) {
			k["last_used_at"] = w.moment(-time.Hour)
		}
		for _, t := range w.tables["tenants"] {
			if !k.b("all_tenants") && w.chance(50) {
				w.add("tte", row{"token_id": k["id"], "tenant_id": t["id"]})
			}
		}
	}
}

// programs are those who bear API tokens that work.
func (w *world) programs() (list []who) {
	for _, k := range w.tables["api_tokens"] {
		m := w.byID[k.s("member_id")]
		if k["revoked_at"] != nil || m.s("status") != "ACTIVE" || w.byID[m.s("tenant_id")].s("status") != "ACTIVE" {
			continue
		}
		named := make(map[access.Feature]access.Level)
		for f, level := range w.scopes(k) {
			named[access.Feature(f)] = access.Level(level)
		}
		t := &viewer.Token{ID: k.s("id"), MemberID: m.s("id"), Scopes: access.Of(named)}
		if !k.b("all_tenants") {
			t.Tenants = []string{}
			for _, x := range w.limits(k) {
				t.Tenants = append(t.Tenants, x.s("tenant_id"))
			}
		}
		list = append(list, who{user: k.s("user_id"), token: t})
	}
	return list
}

// limits are the rows that limit an API token to tenants.
func (w *world) limits(k row) []row {
	return w.find("api_token_tenants", func(x row) bool { return x["token_id"] == k["id"] })
}

// scopes are the levels that an API token has at most.
func (w *world) scopes(k row) levels {
	var named map[string]int
	if err := json.Unmarshal([]byte(k.s("scopes")), &named); err != nil {
		panic(err)
	}
	return leveled(func(f string) int { return named[f] })
}

// tokenPaths lists the ways of an API token to a tenant: from the membership that it rests on to where it is limited to, and
// no more goes through than its scopes.
func (w *world) tokenPaths(k row, to string) (list []path) {
	limited := true
	for _, x := range w.limits(k) {
		limited = limited && x["tenant_id"] != to
	}
	if limited && !k.b("all_tenants") && w.minds("which tenants a token reaches") {
		return nil
	}
	paths := w.memberPaths(w.byID[k.s("member_id")], to)
	if !w.minds("which membership a token rests on") {
		paths = w.paths(k.s("user_id"), to)
	}
	for _, p := range paths {
		if w.minds("the scopes of a token") {
			p.levels = lowest(p.levels, w.scopes(k))
		}
		if p.via != "OPERATOR" || p.levels["TENANT"]+p.levels["PARTNERS"]+p.levels["SERVICES_ADMIN"] > 0 {
			list = append(list, p)
		}
	}
	return list
}

// asking is the row of the API token that asks, nil for a session.
func (o *oracle) asking() row {
	if o.v.token == nil {
		return nil
	}
	return o.byID[o.v.token.ID]
}

// rests reports whether a membership is the principal's own: of a person all of theirs, of an API token the one that it rests
// on.
func (o *oracle) rests(m row) bool {
	k := o.asking()
	return m["user_id"] == o.v.user && (k == nil || k["member_id"] == m["id"] || !o.minds("which membership a token rests on"))
}

// ownToken reports whether an API token is the principal's own, in person, or the one that asks.
func (o *oracle) ownToken(k row) bool {
	asks := o.asking()
	own := o.v.inPerson() || asks != nil && (k["id"] == asks["id"] || !o.minds("that a token sees itself only"))
	return own && k["user_id"] == o.v.user
}

func (o *oracle) seesToken(k row) bool { return o.ownToken(k) || o.views(k.s("tenant_id"), "TOKENS") }

// tokenTenants are the tenants that an API token is limited to, as far as they are reached.
func (o *oracle) tokenTenants(k row) any {
	if k.b("all_tenants") {
		return nil
	}
	var rows []row
	for _, x := range o.limits(k) {
		if o.reaches(x.s("tenant_id")) || !o.minds("whose names a token's limit shows") {
			rows = append(rows, o.byID[x.s("tenant_id")])
		}
	}
	list := []any{}
	for _, t := range o.list("", "", rows, false, byName).rows {
		list = append(list, profile(t.(object).row["name"], t.(object).row["kind"], nil))
	}
	return list
}
