package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// road leads from a root field to rows of a type, over edges of the schema; %s in the text stands for what is read there.
type road struct {
	text string
	way  []string // the names of the edges
	to   *ast.Definition
}

// needed are the arguments of fields that do not go without; no other field that needs some leads to rows by a path.
var needed = map[string]string{"tenant": "(id: $tenant)", "assignment": "(granteeId: $grantee)"}

// alone is a field that is refused for several tenants at a time, whoever asks.
const alone = "accessList"

// ahead lists the edges of a type: lists with two rows of theirs, and what is one of several types as each of them.
func ahead(d *ast.Definition) (list []road) {
	for _, f := range ownFields(d) {
		if f.Name == alone || f.Name == "outbox" { // which takes the whole answer with it when it is refused, and leads nowhere
			continue
		}
		args, to := "", api().Types[f.Type.Name()]
		if slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil }) {
			if args = needed[f.Name]; args == "" {
				continue
			}
		}
		text := f.Name + args + " { %s }"
		if strings.HasSuffix(to.Name, "Connection") {
			to, text = api().Types[to.Fields.ForName("nodes").Type.Name()], f.Name+"(first: 2) { nodes { %s } }"
		}
		switch to.Kind {
		case ast.Object:
			list = append(list, road{text, []string{f.Name}, to})
		case ast.Interface, ast.Union:
			for _, one := range api().GetPossibleTypes(to) {
				list = append(list, road{fmt.Sprintf(text, "... on "+one.Name+" { %s }"), []string{f.Name}, one})
			}
		}
	}
	return list
}

// guardedOf reads all guarded fields of a type: of lists how long they are.
func guardedOf(d *ast.Definition) string {
	read := "__typename"
	if d.Fields.ForName("id") != nil {
		read += " id"
	}
	for _, f := range ownFields(d) {
		if f.Directives.ForName("can") == nil || f.Name == alone {
			continue
		}
		switch to := api().Types[f.Type.Name()]; {
		case strings.HasSuffix(to.Name, "Connection"):
			read += " " + f.Name + "(first: 1) { totalCount }"
		case to.IsCompositeType():
			read += " " + f.Name + needed[f.Name] + " { __typename }"
		default:
			read += " " + f.Name
		}
	}
	return read
}

// rowsIn finds all rows of types with guarded fields in an answer, and what is shown of these fields.
func rowsIn(value any, found func(id, field, shown string)) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			rowsIn(one, found)
		}
	case map[string]any:
		kind, _ := v["__typename"].(string)
		for name, child := range v {
			if d := api().Types[kind]; d != nil && d.Fields.ForName(name) != nil && d.Fields.ForName(name).Directives.ForName("can") != nil && v["id"] != nil {
				shown, _ := json.Marshal(child)
				found(v["id"].(string), kind+"."+name, string(shown))
			}
			rowsIn(child, found)
		}
	}
}

// TestT02EveryPathDecidesAlike: over every path of up to five fields a guarded field shows what it shows by the row's id, and
// nothing of a row that is not shown by its id.
func TestT02EveryPathDecidesAlike(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		l := newLandscape(t, url)
		l.exec("UPDATE tenants SET sign_up_code=id")
		l.exec("UPDATE members SET last_signed_in_at=?", l.Now())
		asked, met := 0, make(map[string]bool)
		for _, who := range []string{"contoso admin", "contoso receptionist", "contoso keeper", "acme admin", "acme assigned", "acme entered contoso", "acme program", "globex reader", "oper clerk"} {
			byID := l.guardedByID(l.people[who])
			for _, of := range []*testworld.Company{l.contoso, l.acme} {
				l.walk(l.people[who], of.ID, func(text string, a *testworld.Answer) {
					asked++
					rowsIn(a.Data(), func(id, field, shown string) {
						met[fmt.Sprint(field, shown != "null")] = true
						want := byID[id+field]
						if want == "" {
							want = "null"
						}
						if shown != want {
							t.Errorf("%s: %s of %s is %s over %s, and by its id %s", who, field, id, shown, text, want)
						}
					})
				})
			}
		}
		for field := range sensitiveFields {
			if field != "Tenant."+alone && (!met[field+"true"] || !met[field+"false"]) {
				t.Errorf("%s is not shown to some, and hidden from others", field)
			}
		}
		if t.Logf("%d requests", asked); asked < 500 || asked > 5000 {
			t.Errorf("%d paths were walked", asked)
		}
	})
}

// grantee is somebody who has an assignment.
func (l *landscape) grantee() string { return l.people["acme assigned"].Member(l.acme.Tenant).ID }

// guardedByID reads all guarded fields of all rows by their ids.
func (l *landscape) guardedByID(p *testworld.Person) map[string]string {
	l.Helper()
	byID := make(map[string]string)
	for kind, typ := range map[string]string{"ten": "Tenant", "prt": "Partner", "mem": "Member", "rel": "Relationship", "whk": "Webhook"} {
		for ids := range slices.Chunk(l.everyID()[kind], 20) {
			a := p.Do("query($ids: [ID!]!, $grantee: ID!) { nodes(ids: $ids) { ... on "+typ+" { "+guardedOf(api().Types[typ])+" } } node(id: $grantee) { id } }",
				testworld.Vars{"ids": ids, "grantee": l.grantee()})
			rowsIn(a.At("nodes"), func(id, field, shown string) { byID[id+field] = shown })
		}
	}
	return byID
}

// walk goes every road of up to four edges on which there is something, and looks at the guarded fields at their ends.
func (l *landscape) walk(p *testworld.Person, tenantID string, look func(text string, a *testworld.Answer)) {
	l.Helper()
	for roads := []road{{text: "%s", to: api().Query}}; len(roads) > 0; roads = roads[1:] {
		r := roads[0]
		for part := range slices.Chunk(ahead(r.to), 6) {
			var read []string
			for _, e := range part {
				read = append(read, fmt.Sprintf(e.text, guardedOf(e.to)))
			}
			text := strings.NewReplacer("$tenant", `"`+tenantID+`"`, "$grantee", `"`+l.grantee()+`"`).Replace("{ " + fmt.Sprintf(r.text, strings.Join(read, " ")) + " }")
			a := p.Do(text, nil)
			for _, e := range a.Errors() {
				if !strings.HasPrefix(e, "FORBIDDEN at ") {
					l.Fatalf("%s\n%s\n%s", text, e, a.Body)
				}
			}
			look(text, a)
			for _, e := range part {
				way := append(slices.Clone(r.way), e.way...)
				if len(r.way) < 3 && leads(a.Data(), way, e.to.Name) {
					roads = append(roads, road{fmt.Sprintf(r.text, e.text), way, e.to})
				}
			}
		}
	}
}

// leads reports whether there are rows of a type at the end of a way.
func leads(value any, way []string, kind string) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return leads(one, way, kind) })
	case map[string]any:
		if nodes, paged := v["nodes"]; paged {
			return leads(nodes, way, kind)
		}
		return len(way) == 0 && v["__typename"] == kind || len(way) > 0 && leads(v[way[0]], way[1:], kind)
	}
	return false
}
